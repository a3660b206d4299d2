import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";

// A program of its own, because Node warns of a function that is experimental: strips the types from all files of the
// project in the folder that is named, in place.
const [, , folder = "."] = process.argv;
for (const part of ["src", "sim", "lab"])
  for (const entry of readdirSync(join(folder, part), { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts")) continue;
    const file = join(folder, part, entry);
    writeFileSync(file, stripTypeScriptTypes(readFileSync(file, "utf8")));
  }
