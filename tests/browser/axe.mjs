// The judge: axe-core on a page as it stands, in each of the ways a page is looked at.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const resolve = createRequire(import.meta.url).resolve;
const source = readFileSync(resolve("axe-core/axe.min.js"), "utf8");
const japanese = JSON.parse(readFileSync(resolve("axe-core/locales/ja.json"), "utf8"));

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** A desk, a narrow window (or 400 % zoom) with little motion, and the contrast colours of Windows. */
const LOOKS = [
  { name: "1280 px", width: 1280, media: { forcedColors: "none", reducedMotion: "no-preference" } },
  { name: "320 px, reduced motion", width: 320, media: { forcedColors: "none", reducedMotion: "reduce" } },
  { name: "forced colours", width: 1280, media: { forcedColors: "active", reducedMotion: "no-preference" } },
];

/** Judges the page in every look. Returns the findings as sentences; none is what we want. */
export const judge = async (page) => {
  const found = [];
  // Evaluated from outside, so that the page's own policy stays as strict as it is for everybody.
  await page.evaluate(source);
  for (const look of LOOKS) {
    await page.setViewportSize({ width: look.width, height: 800 });
    await page.emulateMedia(look.media);
    const violations = await page.evaluate(run, { japanese, tags: TAGS });
    for (const { id, help, nodes } of violations) {
      const places = nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ");
      found.push(`${look.name}: ${id}: ${help} (${nodes.length}: ${places})`);
    }
    // WCAG 1.4.10: no scrolling in two directions at 320 px; axe does not look.
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) {
      found.push(`${look.name}: the page is ${wide} px wider than the window`);
    }
  }
  return found;
};

// Runs in the page.
const run = async ({ japanese, tags }) => {
  window.axe.configure({ locale: japanese });
  const { violations } = await window.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ target }) => ({ target })) }));
};
