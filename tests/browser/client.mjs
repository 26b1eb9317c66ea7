// Mutual TLS in Chromium itself: the anchor, the user's certificate and its key lie in the store Chromium reads (NSS, in a home
// of its own), and nothing is waved through: a wrong server certificate would be an error page. tests/usage/client.rs prepares it.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Findings, site, start } from "./site.mjs";

const task = site();
const origin = `https://${task.host}:${task.port}`;

/**
 * Opens the server's page in a browser with that home; its status and text. Which certificate to show is a question a person is
 * asked in a window; here it is answered in the profile's settings beforehand: any that fits, for this server.
 */
const visit = async (home) => {
  const profile = join(home, "profile");
  mkdirSync(join(profile, "Default"), { recursive: true });
  const answers = { [`${origin},*`]: { setting: { filters: [{}] } } };
  writeFileSync(
    join(profile, "Default", "Preferences"),
    JSON.stringify({ profile: { content_settings: { exceptions: { auto_select_certificate: answers } } } }),
  );
  const { XDG_DATA_HOME, XDG_CONFIG_HOME, ...environment } = process.env;
  const context = await chromium.launchPersistentContext(profile, {
    ...start,
    env: { ...environment, HOME: home },
    args: [...start.args, "--no-proxy-server", `--host-resolver-rules=MAP ${task.host} 127.0.0.1`],
  });
  try {
    const page = await context.newPage();
    const response = await page.goto(origin, { timeout: 30_000 });
    return { status: response.status(), text: await response.text(), tls: (await response.securityDetails())?.protocol };
  } finally {
    await context.close();
  }
};

const findings = new Findings();
const stranger = await visit(task.without);
findings.check(
  stranger.status === 400 && stranger.text.includes("No required SSL certificate was sent"),
  `without a certificate: ${stranger.status} ${stranger.text}`,
);
const user = await visit(task.with);
findings.check(user.status === 200 && user.text.trim() === task.welcome, `with it: ${user.status} ${user.text}`);
findings.check(user.tls === "TLS 1.3", `the protocol is ${user.tls}`);
findings.end();
