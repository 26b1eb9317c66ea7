// Every page, in both languages, judged by axe-core in every look, with the content security policy in force: no violation of
// either, no request to another origin. A GET route that no view here opens is a finding, too.

import { execFileSync } from "node:child_process";
import { judge } from "./axe.mjs";
import {
  Findings, approve, certificateOf, draftRequest, fileRequest, launch, logIn, newRequest, revoke, site, turnDown, visitor,
} from "./site.mjs";

const { base, domain, routes, keys, people, command } = site();
const findings = new Findings();
const complaints = [];
const visited = new Set();
const browser = await launch();

/** Files, approves, returns and revokes, so that there is something of each kind to look at. */
const furnish = async (officer, manager) => {
  const waiting = await fileRequest(officer, `wait.${domain}`);
  const returned = await fileRequest(officer, `back.${domain}`);
  const rejected = await fileRequest(officer, `no.${domain}`);
  const withValid = await fileRequest(officer, `www.${domain}`);
  const withRevoked = await fileRequest(officer, `old.${domain}`);
  await approve(manager, withValid);
  await approve(manager, withRevoked);
  await turnDown(manager, returned, "return", "サーバ名を確かめてください。");
  await turnDown(manager, rejected, "reject", "このサーバは廃止しました。");
  const valid = await certificateOf(officer, withValid);
  const revoked = await certificateOf(officer, withRevoked);
  await revoke(officer, revoked);
  for (const number of keys) {
    await approve(manager, number);
    await certificateOf(officer, number);
  }
  // Of two certificates by the old key of the authority, one is replaced, one is not yet.
  const old = await fileRequest(officer, `map.${domain}`);
  await approve(manager, old);
  await certificateOf(officer, old);
  plan();
  const again = await fileRequest(officer, `www.${domain}`);
  await approve(manager, again);
  await certificateOf(officer, again);
  return { waiting, returned, rejected, issued: withValid, valid, revoked };
};

/** Gives the authority a new key, and plans a move to it that is open now. */
const plan = () => {
  const [program, ...configured] = command;
  const days = ["--first-day", "2026-01-01", "--waves", "2", "--every", "400", "--days", "3650"];
  execFileSync(program, [...configured, "ca", "rollover", "application-ca"]);
  execFileSync(program, [...configured, "campaign", "plan", "walk", "--old-authority", "application-ca", ...days]);
};

/** Each language has a PIN of its own to look at: one is shown once. */
let pinned = -1;
const delivery = (number) => `/requests/${number}/delivery`;

/** What each person looks at: a name, and the way there. */
const views = (things) => ({
  stranger: {
    "entry": (page) => page.goto("/"),
    "authorities": (page) => page.goto("/ca"),
    "log-in": (page) => page.goto("/login"),
    "log-in refused": async (page) => {
      await page.goto("/login");
      await page.fill("#login", "nobody");
      await page.fill("#password", "wrong");
      await page.fill("#code", "000000");
      await page.click('form[action="/login"] button');
    },
    "not logged in": (page) => page.goto("/home"),
    "no such page": (page) => page.goto("/nowhere"),
  },
  officer: {
    "home": (page) => page.goto("/home"),
    "own page": (page) => page.goto("/me"),
    "requests": (page) => page.goto("/requests"),
    "requests, none found": (page) => page.goto("/requests?q=nothing-like-this"),
    "new request": (page) => page.goto("/requests/new"),
    "web server": (page) => page.goto("/requests/new/web-server"),
    "web server, empty": async (page) => {
      await page.goto("/requests/new/web-server");
      await page.click('button[name="step"][value="confirm"]');
    },
    "web server, all wrong": async (page) => {
      await page.goto("/requests/new/web-server");
      await page.fill("#names", "*.example.com, 192.0.2.1");
      await page.fill("#csr", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA");
      await page.click('button[name="step"][value="confirm"]');
    },
    "web server, diagnosis": async (page) => {
      await page.goto("/requests/new/web-server");
      await page.fill("#names", `new.${domain}`);
      await page.fill("#csr", "MIIBAAAA");
      await page.click("button[formaction]");
    },
    "web server, confirmation": (page) => draftRequest(page, `new.${domain}`),
    "post": (page) => page.goto("/requests/new/job-role"),
    "post, empty": async (page) => {
      await page.goto("/requests/new/job-role");
      await page.click('button[name="step"][value="confirm"]');
    },
    "post, all wrong": async (page) => {
      await page.goto("/requests/new/job-role");
      await page.fill("#unit-1", "\u9ad9田課");
      await page.fill("#post", "町長, C=JP");
      await page.fill("#post-en", "町長");
      await page.fill("#start", "平成31");
      await page.fill("#start-month", "13");
      await page.click('button[name="step"][value="confirm"]');
    },
    "post, confirmation": async (page) => {
      await page.goto("/requests/new/job-role");
      await page.fill("#unit-1", "総務課");
      await page.fill("#unit-en-1", "General Affairs Division");
      await page.fill("#post", "町長");
      await page.fill("#post-en", "Ｍａｙｏｒ");
      await page.fill("#csr", newRequest());
      await page.click('button[name="step"][value="confirm"]');
      await page.locator('button[name="step"][value="submit"]').waitFor();
    },
    "person": (page) => page.goto("/requests/new/user"),
    "mail": (page) => page.goto("/requests/new/mail"),
    "mail, empty": async (page) => {
      await page.goto("/requests/new/mail");
      await page.click('button[name="step"][value="confirm"]');
    },
    "program": (page) => page.goto("/requests/new/code-signing"),
    "request, waiting": (page) => page.goto(`/requests/${things.waiting}`),
    "request, returned": (page) => page.goto(`/requests/${things.returned}`),
    "request, rejected": (page) => page.goto(`/requests/${things.rejected}`),
    "request, issued": (page) => page.goto(`/requests/${things.issued}`),
    "key, ready": (page) => page.goto(delivery(keys[2])),
    "key, PIN slip": async (page) => {
      pinned += 1;
      await page.goto(delivery(keys[pinned]));
      await page.click('form[action$="/pin"] button');
    },
    "key, packed": (page) => page.goto(delivery(keys[pinned])),
    "key, link": async (page) => {
      await page.goto(delivery(keys[pinned]));
      await page.click('form[action$="/link"] button');
    },
    "key, file": (page) => page.click("main a.button--primary"),
    "no such request": (page) => page.goto("/requests/R1-000001"),
    "certificates": (page) => page.goto("/certificates"),
    "certificates, none found": (page) => page.goto("/certificates?q=nothing-like-this"),
    "certificate, valid": (page) => page.goto(things.valid),
    "certificate, revoked": (page) => page.goto(things.revoked),
    "revocation": (page) => page.goto(`${things.valid}/revoke`),
    "revocation, empty": async (page) => {
      await page.goto(`${things.valid}/revoke`);
      await page.click('button[name="step"][value="confirm"]');
    },
    "revocation, confirmation": async (page) => {
      await page.goto(`${things.valid}/revoke`);
      await page.check('input[name="reason"][value="superseded"]');
      await page.click('button[name="step"][value="confirm"]');
    },
    "revocation, needless": (page) => page.goto(`${things.revoked}/revoke`),
    "revocation, who can see it": (page) => page.goto(`${things.revoked}/reach`),
    "suspension, not offered": (page) => page.goto(`${things.valid}/suspension`),
    "campaigns": (page) => page.goto("/campaigns"),
    "campaign, own part": (page) => page.goto("/campaigns/walk"),
    "web server, like an old one": async (page) => {
      await page.goto("/campaigns/walk");
      await page.locator('main a[href*="?like="]').first().click();
    },
    "not for officers": (page) => page.goto("/approvals"),
  },
  operator: {
    "home": (page) => page.goto("/home"),
    "campaigns": (page) => page.goto("/campaigns"),
    "campaign, everybody": (page) => page.goto("/campaigns/walk"),
  },
  manager: {
    "home": (page) => page.goto("/home"),
    "approvals": (page) => page.goto("/approvals"),
    "approvals, opened": async (page) => {
      await page.goto("/approvals");
      for (const summary of await page.locator("summary").all()) {
        await summary.click();
      }
    },
    "request, to decide": (page) => page.goto(`/requests/${things.waiting}`),
    "request, no reason given": async (page) => {
      await page.goto(`/requests/${things.waiting}`);
      const form = page.locator(`form[action="/requests/${things.waiting}/return"]`);
      await page.locator("details", { has: form }).locator("summary").click();
      await form.locator("button:not([formaction])").click();
    },
  },
});

/** Switches a person's pages to a language, as a person does. */
const speak = async (page, language) => {
  await page.goto("/");
  const button = page.locator(`button[name="language"][value="${language}"]`);
  if (await button.count()) {
    await button.click();
  }
  findings.check((await page.locator("html").getAttribute("lang")) === language, `${language}: the language did not change`);
};

const look = async (page, who, language, all) => {
  await speak(page, language);
  for (const [name, open] of Object.entries(all)) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await open(page);
    await page.waitForLoadState("load");
    visited.add(new URL(page.url()).pathname);
    const found = await judge(page);
    found.forEach((text) => findings.check(false, `${who}, ${name} (${language}), ${text}`));
    findings.check(found.length === 0, `${who}, ${name} (${language}): see above`);
  }
};

/** A judge that finds nothing must be seen to find something: a picture without words, and a style inside the page. */
const judgeTheJudge = async (page) => {
  await page.goto("/");
  await page.evaluate(() => {
    document.querySelector("main").append(document.createElement("img"));
    document.body.setAttribute("style", "color: red");
  });
  const found = await judge(page);
  findings.check(found.some((text) => text.includes("image-alt")), "axe-core does not see a picture without text");
  findings.check(complaints.splice(0).length > 0, "a style inside the page is neither stopped nor reported");
};

try {
  const [forStrangers, forOfficers, forManagers, forOperators] = await Promise.all([1, 2, 3, 4].map(() => visitor(browser, { base, complaints })));
  const officer = await logIn(forOfficers, people.officer);
  const manager = await logIn(forManagers, people.manager);
  const operator = await logIn(forOperators, people.operator);
  const stranger = await forStrangers.newPage();
  await judgeTheJudge(stranger);
  const all = views(await furnish(officer, manager));
  for (const language of ["ja", "en"]) {
    await look(stranger, "stranger", language, all.stranger);
    await look(officer, "officer", language, all.officer);
    await look(manager, "manager", language, all.manager);
    await look(operator, "operator", language, all.operator);
  }
  // What is fetched as a file is no page.
  const pages = routes.filter((route) => !route.startsWith("/assets/") && !route.includes("/download/"));
  for (const route of pages) {
    const pattern = new RegExp(`^${route.replace(/\{[^}]+\}/g, "[^/]+")}$`);
    findings.check([...visited].some((path) => pattern.test(path)), `no view opens ${route}: add one to views in tests/browser/pages.mjs`);
  }
  complaints.forEach((text) => findings.check(false, text));
} finally {
  await browser.close();
}
findings.end();
