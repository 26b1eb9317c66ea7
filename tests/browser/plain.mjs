// The main job without a line of script: log in, ask, approve, take the files, revoke.

import { execFileSync } from "node:child_process";
import {
  Findings, approve, certificateOf, draftRequest, launch, logIn, newRequest, revoke, site, visitor,
} from "./site.mjs";

const { base, domain, people } = site();
const findings = new Findings();
const complaints = [];
const browser = await launch();
const plain = () => visitor(browser, { base, complaints, javaScriptEnabled: false });

try {
  const officers = await plain();
  const officer = await logIn(officers, people.officer);
  findings.check(await officer.locator("h1").count() === 1, "the home page has one h1");

  // The diagnosis is a button where there is no script to ask for it.
  await officer.goto("/requests/new/web-server");
  await officer.fill("#names", `plain.${domain}`);
  await officer.fill("#csr", newRequest());
  await officer.click("button[formaction]");
  findings.check((await officer.inputValue("#names")).trim() === `plain.${domain}`, "the diagnosis keeps what was typed");
  findings.check((await officer.locator("main").innerText()).includes("P-256"), "the diagnosis names the key");

  await draftRequest(officer, `plain.${domain}`);
  findings.check((await officer.locator("main").innerText()).includes(`plain.${domain}`), "the confirmation shows the name");
  await officer.click('button[name="step"][value="submit"]');
  const number = new URL(officer.url()).pathname.split("/").pop();
  findings.check(/^R\d+-\d{6}$/.test(number), `the request has a number: ${officer.url()}`);
  findings.check(await officer.locator(`form[action$="/approve"]`).count() === 0, "the requester is offered no approval");

  // A substitute for a character is a button, and Enter goes on to the confirmation instead of pressing it.
  await officer.goto("/requests/new/job-role");
  await officer.fill("#post", "\u9ad9田支所長");
  await officer.fill("#post-en", "Branch Manager");
  await officer.fill("#csr", newRequest());
  await officer.press("#post-en", "Enter");
  await officer.click('button[name="take"][value="post"]');
  findings.check(await officer.inputValue("#post") === "高田支所長", "the substitute stands in the field");
  await officer.press("#post-en", "Enter");
  findings.check((await officer.locator("main").innerText()).includes("白樺町 高田支所長"), "the confirmation shows the name");

  const manager = await logIn(await plain(), people.manager);
  await manager.goto("/approvals");
  findings.check((await manager.locator("main").innerText()).includes(number), "the request is in the approval box");
  await approve(manager, number);

  const path = await certificateOf(officer, number);
  await officer.goto(path);
  const links = await officer.locator('a[href*="/download/"]').evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  findings.check(links.length >= 4, `there are files in four forms: ${links}`);
  const read = { pem: ["x509", "-noout", "-subject"], der: ["x509", "-inform", "DER", "-noout", "-subject"],
    p7b: ["pkcs7", "-inform", "DER", "-print_certs", "-noout"], chain: ["x509", "-noout", "-subject"] };
  for (const link of links) {
    const form = link.split("/").pop();
    const reply = await officers.request.get(link);
    findings.check(reply.ok(), `${form} answers ${reply.status()}`);
    const said = execFileSync("openssl", read[form], { input: await reply.body(), encoding: "utf8" });
    findings.check(said.includes("Shirakaba Town"), `${form}: OpenSSL reads the town's name, not the request's: ${said}`);
  }

  await revoke(officer, path);
  findings.check((await officer.locator("main").innerText()).includes("失効"), "the certificate's page says that it is revoked");
  await officer.click('form[action="/logout"] button');
  await officer.goto("/home");
  findings.check(await officer.locator('form[action="/logout"]').count() === 0, "after logging out the session is over");
  complaints.forEach((text) => findings.check(false, text));
} finally {
  await browser.close();
}
findings.end();
