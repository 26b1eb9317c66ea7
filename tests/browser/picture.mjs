// The README's picture of the approval page: docs/images/approval.png. From the root of the repository, after ./check build:
//
//   (cd tests/browser && npm ci) && node tests/browser/picture.mjs
//
// It runs the demo in a folder of its own, files a request as the officer, and looks at it as the manager.

import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, logIn, newRequest, visitor } from "./site.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const images = join(root, "docs/images");

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** The demo's people by role, from its personas.toml. */
const people = (folder) => {
  const all = readFileSync(join(folder, "personas.toml"), "utf8").split("[[persona]]").slice(1).map((text) => {
    const value = (name) => text.match(new RegExp(`^${name} = "(.*)"$`, "m"))?.[1];
    return [value("role"), { login: value("login"), password: value("password"), secret: value("totp_secret") }];
  });
  return Object.fromEntries(all);
};

/** Runs the demo until its service is ready for visitors. */
const demo = async (folder, port) => {
  const child = spawn("cargo", ["run", "--quiet", "--", "demo", "--folder", folder,
    "--listen", `127.0.0.1:${port}`, "--management", `127.0.0.1:${await freePort()}`], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  for await (const text of child.stdout.setEncoding("utf8")) {
    if (text.includes("Ctrl-C")) {
      return child;
    }
  }
  throw new Error("the demo ended before it served");
};

const folder = mkdtempSync(join(tmpdir(), "lgpki-picture-"));
const port = await freePort();
const service = await demo(join(folder, "demo"), port);
const browser = await launch();
try {
  const base = `http://localhost:${port}`;
  const { officer, manager } = people(join(folder, "demo"));
  const complaints = [];
  const asking = await logIn(await visitor(browser, { base, complaints, locale: "ja-JP" }), officer);
  await asking.goto("/requests/new/web-server");
  await asking.fill("#names", "yoyaku.town.shirakaba.lg.jp");
  await asking.fill("#csr", newRequest());
  await asking.fill("#note", "施設予約システムのサーバ更新のため。切替は11月30日の予定です。");
  await asking.click('button[name="step"][value="confirm"]');
  await asking.click('button[name="step"][value="submit"]');
  await asking.waitForURL("**/requests/R*");
  const deciding = await visitor(browser, { base, complaints, locale: "ja-JP", deviceScaleFactor: 1.5, viewport: { width: 1100, height: 900 } });
  const page = await logIn(deciding, manager);
  await page.goto("/approvals");
  mkdirSync(images, { recursive: true });
  await page.screenshot({ path: join(images, "approval.png"), fullPage: true });
  console.log(join("docs", "images", "approval.png"));
} finally {
  await browser.close();
  service.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}
