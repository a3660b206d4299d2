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
const { main } = await import("../src/cli/main.ts");
await main(process.argv);
