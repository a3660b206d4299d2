import { readdir, readFile } from "node:fs/promises";
import { posix } from "node:path";
import test from "ava";
import {
  CLI_ONLY,
  COMMAND_PACKAGES,
  EXCEPTIONS,
  IMPURE_BASE,
  IMPURE_GLOBALS,
  LINES_MAX,
  MAY_IMPORT,
  PROGRAMS,
  PURE,
  PURE_PACKAGES,
} from "./import-rules.ts";
import { blank, globalsUsed, importsOf } from "./source.ts";

const PROJECT = new URL("../", import.meta.url);
const NOT_OURS = new Set(["node_modules", ".git", "runs", "coverage"]);
const TEXT = /\.(ts|js|md|json|yaml|yml|cff|sh|py|html)$|^\.ci\/|Vagrantfile$/;

/** Written apart, so that this file does not break the rule. */
const UNFINISHED = new RegExp(`\\b(?:${["TO", "DO"].join("")}|${["FIX", "ME"].join("")})\\b`);
const MACHINE_PATH = new RegExp(
  `(?:^|[\\s"'\`(=:])/(?:${["home", "root", "Users", "work"].join("|")})/\\w`,
  "m",
);

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(new URL(folder, PROJECT), { withFileTypes: true });
  const lists = entries
    .filter((entry) => !NOT_OURS.has(entry.name) && !entry.name.endsWith(".tmp"))
    .map(async (entry) => {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory()) return filesUnder(`${path}/`);
      return entry.isFile() ? [path] : [];
    });
  return (await Promise.all(lists)).flat().sort();
}

/** The folder of the rules that a file belongs to: `src/wire`, `sim`. */
function folderOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return first === "src" ? `${first}/${second}` : first;
}

const isTest = (path: string) => /\.test\.ts$|[.-]fixture\.ts$|\/test-[\w-]+\.ts$/.test(path);

/** What a source file does that it may not. */
function codeProblems(path: string, text: string): string[] {
  const folder = folderOf(path);
  const allowed = MAY_IMPORT.get(folder);
  if (allowed === undefined || isTest(path)) return [];
  const source = blank(text);
  const problems: string[] = [];
  for (const specifier of importsOf(source)) {
    if (specifier.startsWith(".")) {
      const target = posix.join(posix.dirname(path), specifier);
      const to = folderOf(target);
      if (to !== folder && !allowed.has(to)) problems.push(`imports ${to}`);
      if (PURE.has(folder) && IMPURE_BASE.has(target)) problems.push(`imports ${target}`);
      continue;
    }
    if (COMMAND_PACKAGES.has(specifier) && !IMPURE_BASE.has(path))
      problems.push(`starts processes with ${specifier}`);
    if (PURE.has(folder) && !PURE_PACKAGES.has(specifier)) problems.push(`imports ${specifier}`);
  }
  if (PURE.has(folder))
    problems.push(...globalsUsed(source, IMPURE_GLOBALS).map((name) => `uses ${name}`));
  else if (folder !== "src/cli" && !PROGRAMS.has(path))
    problems.push(...globalsUsed(source, CLI_ONLY).map((name) => `uses ${name}`));
  return [...new Set(problems)];
}

/** What no file may have in it. */
function textProblems(path: string, text: string): string[] {
  const problems: string[] = [];
  if (UNFINISHED.test(text)) problems.push("has unfinished work marked in it");
  if (MACHINE_PATH.test(text)) problems.push("names a path of one machine");
  if (/\.(ts|js)$/.test(path) && text.split("\n").length - 1 > LINES_MAX)
    problems.push(`has more than ${LINES_MAX} lines`);
  return problems;
}

async function everyProblem(): Promise<string[]> {
  const paths = (await filesUnder("./")).map((path) => path.slice(2));
  const problems: string[] = [];
  for (const path of paths) {
    if (!TEXT.test(path) || path === "package-lock.json") continue;
    const text = await readFile(new URL(path, PROJECT), "utf8");
    const code = path.endsWith(".ts") ? codeProblems(path, text) : [];
    for (const problem of [...code, ...textProblems(path, text)])
      problems.push(`${path}: ${problem}`);
  }
  return problems;
}

test("the house rules hold", async (t) => {
  const problems = await everyProblem();
  t.deepEqual(
    problems.filter((problem) => !EXCEPTIONS.has(problem)),
    [],
  );
  const needed = new Set(problems);
  t.deepEqual(
    [...EXCEPTIONS.keys()].filter((exception) => !needed.has(exception)),
    [],
    "exceptions that are no longer needed",
  );
});

test("every folder of src has its rule", async (t) => {
  const entries = await readdir(new URL("src/", PROJECT), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `src/${name}`);
  t.deepEqual(
    folders.filter((folder) => !MAY_IMPORT.has(folder)),
    [],
  );
});

test("no two folders import each other, not even over others", (t) => {
  const reach = (from: string, seen = new Set<string>()): Set<string> => {
    for (const to of MAY_IMPORT.get(from) ?? []) {
      if (seen.has(to)) continue;
      seen.add(to);
      reach(to, seen);
    }
    return seen;
  };
  t.deepEqual(
    [...MAY_IMPORT.keys()].filter((folder) => reach(folder).has(folder)),
    [],
  );
});

const broken = test.macro<[path: string, text: string, ...problems: string[]]>({
  exec(t, path, text, ...problems) {
    t.deepEqual([...codeProblems(path, text), ...textProblems(path, text)], problems);
  },
  title: (_, path, text, ...problems) =>
    `${problems.length === 0 ? "allowed" : "refused"} in ${path}: ${text.slice(0, 60).replace(/\s+/g, " ")}`,
});

// The positive control: what breaks a rule is seen.
test(broken, "src/wire/x.ts", 'import { a } from "../flow/a.ts";', "imports src/flow");
test(broken, "src/http/x.ts", 'import type { A } from "../cli/a.ts";', "imports src/cli");
test(broken, "src/run/x.ts", 'export * from "../report/a.ts";', "imports src/report");
test(broken, "src/run/x.ts", 'const a = await import("../../sim/a.ts");', "imports sim");
test(
  broken,
  "sim/switch/x.ts",
  'import {\n  a,\n} from "../../src/report/a.ts";',
  "imports src/report",
);
test(broken, "src/base/x.ts", 'import "../wire/a.ts";', "imports src/wire");
test(
  broken,
  "src/flow/x.ts",
  'import { readFile } from "node:fs/promises";',
  "imports node:fs/promises",
);
test(
  broken,
  "src/rule/x.ts",
  'import { runCommand } from "../base/command.ts";',
  "imports src/base/command.ts",
);
test(broken, "src/run/x.ts", 'import { execa } from "execa";', "starts processes with execa");
test(broken, "src/feature/x.ts", "const now = Date.now();", "uses Date");
test(broken, "src/cluster/x.ts", "const r = Math.random();", "uses Math.random");
test(broken, "sim/x.ts", "setTimeout(() => {}, 1);", "uses setTimeout");
test(broken, "src/isolate/x.ts", ["const e = `$", "{process.env.HOME}`;"].join(""), "uses process");
test(
  broken,
  "src/run/x.ts",
  "console.log(1); process.exit(1);",
  "uses console",
  "uses process.exit",
);
test(
  broken,
  "src/base/x.ts",
  `// ${["TO", "DO"].join("")}: later`,
  "has unfinished work marked in it",
);
test(broken, "README.md", `cd ${["", "home", "me", "x"].join("/")}`, "names a path of one machine");
test(broken, "src/base/x.ts", "\n".repeat(LINES_MAX + 1), `has more than ${LINES_MAX} lines`);
// And what does not, is not.
test(broken, "src/http/x.ts", 'import { a } from "../flow/a.ts"; // import "../cli/a.ts"');
test(broken, "src/http/x.ts", "const text = 'from \"../cli/a.ts\"'; const at = /Date[\"'`]/;");
test(broken, "src/http/x.ts", "frame.process(); a = { console: 1 }; const m = `new Date()`;");
test(broken, "src/http/x.ts", 'const end = Buffer.from("\\r\\n");');
test(broken, "src/run/x.ts", "const here = process.cwd();");
test(broken, "src/cli/x.ts", "console.error(1); process.exitCode = 2;");
test(broken, "src/wire/x.test.ts", 'import { a } from "../cli/a.ts"; Date.now();');
