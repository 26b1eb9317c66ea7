// A passkey is registered and used, with the authenticator Chromium simulates (CDP, WebAuthn domain): resident key, user
// verified. A second person's browser without it cannot get in.

import { judge } from "./axe.mjs";
import { Findings, launch, logIn, site, visitor } from "./site.mjs";

const { base, people } = site();
const findings = new Findings();
const complaints = [];
const browser = await launch();

/** Gives a page an authenticator; returns its handle. */
const authenticator = async (context, page) => {
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true,
    },
  });
  return {
    credentials: async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    verify: (isUserVerified) => session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
  };
};

try {
  const context = await visitor(browser, { base, complaints });
  const page = await logIn(context, people.officer);
  const device = await authenticator(context, page);

  await page.goto("/me");
  await page.fill("#passkey-label", "庁舎の端末");
  await page.click('[data-passkey="create"]');
  await page.getByText("庁舎の端末").waitFor();
  const [credential, ...others] = await device.credentials();
  findings.check(others.length === 0 && credential?.isResidentCredential, "one resident credential is made");
  findings.check(credential?.rpId === new URL(base).hostname, `it is bound to this service: ${credential?.rpId}`);

  const flaws = await judge(page);
  findings.check(flaws.length === 0, `own page with a passkey: ${flaws.join("; ")}`);

  await page.click('form[action="/logout"] button');
  await page.goto("/login");
  await page.click('[data-passkey="get"]');
  await page.waitForURL("**/home");
  findings.check(true, "the passkey logs in");
  findings.check((await device.credentials())[0].signCount > credential.signCount, "it has signed");

  // Without verifying the person there is one factor, not two.
  await page.click('form[action="/logout"] button');
  await device.verify(false);
  await page.goto("/login");
  await page.click('[data-passkey="get"]');
  await page.waitForFunction(() => {
    const status = document.querySelector("[data-passkey-status]");
    const button = document.querySelector('[data-passkey="get"]');
    return status.textContent !== "" && status.textContent !== button.dataset.working;
  });
  findings.check(new URL(page.url()).pathname === "/login", "a passkey without verification of its holder is refused");

  // Removed, it is worth nothing.
  await device.verify(true);
  await page.click('[data-passkey="get"]');
  await page.waitForURL("**/home");
  await page.goto("/me");
  await page.click('form[action^="/me/passkeys/"] button');
  await page.waitForLoadState();
  findings.check(await page.getByText("庁舎の端末").count() === 0, "the passkey is removed from the list");
  await page.click('form[action="/logout"] button');
  await page.goto("/login");
  await page.click('[data-passkey="get"]');
  await page.waitForFunction(() => {
    const status = document.querySelector("[data-passkey-status]");
    return status.textContent !== "" && status.textContent !== document.querySelector('[data-passkey="get"]').dataset.working;
  });
  findings.check(new URL(page.url()).pathname === "/login", "a removed passkey is refused");
  complaints.forEach((text) => findings.check(false, text));
} finally {
  await browser.close();
}
findings.end();
