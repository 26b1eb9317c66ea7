// The running service as the walks see it: where it is, who its people are, and a browser that reports what it should not
// have to. Only the accessibility judge needs Node; nothing here is in the program.

import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

/** What the Rust side says on standard input: `{ base, domain, routes, people: { officer: { login, password, secret } } }`. */
export const site = () => JSON.parse(readFileSync(0, "utf8"));

/** How Chromium is started: Debian's, or the one `CHROMIUM` names; nothing is downloaded. */
export const start = {
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  // Shared memory is small in containers; the two others keep Chromium from calling home while it is judged.
  args: ["--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"],
};

export const launch = () => chromium.launch(start);

/** RFC 6238: six digits of HMAC-SHA-1 over the count of half minutes. */
export const code = (secret, ahead = 0) => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = createHmac("sha1", Buffer.from(secret, "hex")).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
};

/** A new P-256 key's request, made by OpenSSL; its subject is one that must not end up in a certificate. */
export const newRequest = () =>
  execFileSync("openssl", [
    "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null",
    "-subj", "/O=Somebody Else/CN=wrong.example",
  ], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

/**
 * A browser of one person: a context whose pages report to `complaints` every violation of the content security policy, every
 * request to another origin and every script error.
 */
export const visitor = async (browser, { base, complaints, ...options }) => {
  const context = await browser.newContext({ baseURL: base, viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(15_000);
  const ours = new URL(base).origin;
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.origin !== ours) {
      complaints.push(`a page asked another server: ${url.origin}`);
    }
  });
  context.on("weberror", (error) => complaints.push(`script error: ${error.error().message}`));
  if (options.javaScriptEnabled !== false) {
    await context.exposeBinding("complain", (_, text) => complaints.push(text));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        window.complain(`content security policy: ${event.violatedDirective} stopped ${event.blockedURI} on ${event.documentURI}`);
      });
    });
  }
  return context;
};

/** Logs in with password and code. A code counts once, so the next one is tried when this half minute's is used up. */
export const logIn = async (context, person) => {
  const page = await context.newPage();
  for (const ahead of [0, 1]) {
    await page.goto("/login");
    await page.fill("#login", person.login);
    await page.fill("#password", person.password);
    await page.fill("#code", code(person.secret, ahead));
    await page.click('form[action="/login"] button');
    if (new URL(page.url()).pathname === "/home") {
      return page;
    }
  }
  throw new Error(`${person.login} cannot log in: ${await page.locator("main").innerText()}`);
};

/** Fills in the request form up to the page that asks for confirmation. */
export const draftRequest = async (page, name) => {
  await page.goto("/requests/new/web-server");
  await page.fill("#names", name);
  await page.fill("#csr", newRequest());
  await page.click('button[name="step"][value="confirm"]');
  await page.locator('button[name="step"][value="submit"]').waitFor();
};

/** Files a request for `name`; its number. */
export const fileRequest = async (page, name) => {
  await draftRequest(page, name);
  await page.click('button[name="step"][value="submit"]');
  await page.waitForURL("**/requests/R*");
  return new URL(page.url()).pathname.split("/").pop();
};

/** Approves a request from its own page. */
export const approve = async (page, number) => {
  await page.goto(`/requests/${number}`);
  await page.click(`form[action="/requests/${number}/approve"] button`);
  await page.waitForLoadState();
};

/** Returns a request with a reason, or rejects it. */
export const turnDown = async (page, number, how, reason) => {
  await page.goto(`/requests/${number}`);
  const form = page.locator(`form[action="/requests/${number}/return"]`);
  await page.locator("details", { has: form }).locator("summary").click();
  await form.locator("textarea").fill(reason);
  await form.locator(how === "reject" ? "button[formaction]" : "button:not([formaction])").click();
  await page.waitForLoadState();
};

/** The path of a request's certificate, once it is issued. */
export const certificateOf = async (page, number) => {
  const link = page.locator('main a[href^="/certificates/"]').first();
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    await page.goto(`/requests/${number}`);
    if (await link.count()) {
      return link.getAttribute("href");
    }
  }
  throw new Error(`request ${number} has no certificate after 30 s: ${await page.locator("main").innerText()}`);
};

/** Revokes a certificate: reason, confirmation. */
export const revoke = async (page, path, reason = "superseded") => {
  await page.goto(`${path}/revoke`);
  await page.check(`input[name="reason"][value="${reason}"]`);
  await page.click('button[name="step"][value="confirm"]');
  await page.click('button[name="step"][value="revoke"]');
  await page.waitForURL((url) => url.pathname === path);
};

/** Collects what was found and says so at the end: one line each, then the count that test runners read. */
export class Findings {
  passed = 0;
  found = [];

  check(good, what) {
    if (good) {
      this.passed += 1;
    } else {
      this.found.push(what);
    }
  }

  end() {
    const lines = [...new Set(this.found)];
    lines.forEach((line) => console.log(`FOUND ${line}`));
    console.log(`${this.passed} passed, ${lines.length} failed`);
    process.exitCode = lines.length === 0 ? 0 : 1;
  }
}
