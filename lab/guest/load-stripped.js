// Loaded before everything else in the guest, where the project's files have lost their types already: what is left is
// plain JavaScript. To strip them there would take longer than all the rest, and WebAssembly.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

registerHooks({
  load(url, context, next) {
    if (!url.startsWith("file:") || !url.endsWith(".ts")) return next(url, context);
    return { format: "module", source: readFileSync(fileURLToPath(url)), shortCircuit: true };
  },
});
