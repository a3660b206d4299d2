import { resolve } from "node:path";
import { buildBox } from "./box.ts";

/*
 * Builds a box of the `lab` machine on this machine: `sudo node lab/vagrant/build-box.ts [FILE]`. What is needed for it:
 * lab/vagrant/README.md.
 */

await buildBox(resolve(process.argv[2] ?? "isoreplay-lab.box"));
