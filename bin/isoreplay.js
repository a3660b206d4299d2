#!/usr/bin/env node
// Plain JavaScript, so that a Node too old to strip types gets one clear line and not a syntax error.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const stripsTypes = (major === 22 && minor >= 20) || (major === 24 && minor >= 12) || major > 24;
if (!stripsTypes) {
  console.error(
    `isoreplay: Node ${process.versions.node} is too old: 22.20 or later, or 24.12 or later, is needed. ` +
      "In a clone on Linux x64, `npm install` brings one and `npx isoreplay` uses it.",
  );
  process.exit(69);
}
// The stripped and compiled source, for the next start: it takes a third of the time then. Beside what `npm ci` replaces.
const { enableCompileCache } = await import("node:module");
const { fileURLToPath } = await import("node:url");
enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/isoreplay", import.meta.url)));
const { main } = await import("../src/cli/main.ts");
await main(process.argv);
