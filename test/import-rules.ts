/**
 * Who may import whom, and what keeps away from the outside world. tidy.test.ts enforces it; ARCHITECTURE.md explains it.
 * A folder always may import itself. Test files and fixtures may import anything.
 */
const FOLDERS = {
  base: "",
  wire: "base",
  pcap: "base wire",
  flow: "base wire",
  rule: "base wire",
  http: "base wire flow",
  feature: "base wire flow http",
  cluster: "base feature",
  isolate: "base cluster rule",
  host: "base http",
  zeus: "base http host",
  program: "base wire http host zeus replay",
  scenario: "base feature zeus",
  replay: "base wire http",
  run: "base wire pcap http feature cluster isolate scenario host program zeus",
  way: "base http host isolate program replay scenario run",
  verdict: "base cluster scenario run",
  report: "base run verdict replay",
  case: "base wire rule",
  contain: "base wire rule trace",
  trace: "base wire rule",
  reproduce: "base trace",
  openflow: "base",
} as const;

/** Every folder of the code, and the folders that it may import from. */
export const MAY_IMPORT: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    ...Object.fromEntries(
      Object.entries(FOLDERS).map(([folder, list]) => [`src/${folder}`, srcFolders(list)]),
    ),
    // The command line puts everything together, and nobody imports it.
    "src/cli": [...Object.keys(FOLDERS).map((name) => `src/${name}`), "sim", "lab"],
    sim: Object.keys(FOLDERS)
      .filter((name) => name !== "report")
      .map((name) => `src/${name}`),
    lab: Object.keys(FOLDERS)
      .filter((name) => name !== "report")
      .map((name) => `src/${name}`),
  }).map(([folder, list]) => [folder, new Set(list)]),
);

/** Folders without files, processes, wall clock or global randomness: everything they need is an argument. */
export const PURE: ReadonlySet<string> = new Set([
  "src/wire",
  "src/flow",
  "src/http",
  "src/feature",
  "src/cluster",
  "src/rule",
  "src/isolate",
  "src/contain",
  "sim",
]);

/** Packages that only compute. */
export const PURE_PACKAGES: ReadonlySet<string> = new Set(["ml-kmeans", "zod"]);

/** The part of src/base that touches the world. */
export const IMPURE_BASE: ReadonlySet<string> = new Set([
  "src/base/command.ts",
  "src/base/files.ts",
]);

/** What reaches for the world without an import. `setImmediate` may stay: it gives way to others, and measures nothing. */
export const IMPURE_GLOBALS: readonly string[] = [
  "process",
  "console",
  "Date",
  "performance",
  "crypto",
  "fetch",
  "setTimeout",
  "setInterval",
  "require",
  "globalThis",
  "Math.random",
];

/** Programs of their own beside the command line: they end when they are done. */
export const PROGRAMS: ReadonlySet<string> = new Set([
  "lab/host/agent.ts",
  "lab/cloud/guest/agent.ts",
  "lab/cloud/take-down.ts",
  "lab/devstack/terminal.ts",
]);

/** Only the command line prints and ends the process. */
export const CLI_ONLY: readonly string[] = ["console", "process.exit", "process.exitCode"];

/** The one place that starts processes. */
export const COMMAND_PACKAGES: ReadonlySet<string> = new Set(["execa", "zx", "node:child_process"]);

export const LINES_MAX = 400;

const LONG = "one thing that has not been taken apart yet";

/**
 * What breaks a rule for now: `file: problem` and the reason. An entry that is no longer needed fails the test, so that
 * the list only gets shorter.
 */
export const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ["sim/host/tcp-connection.ts: has more than 400 lines", LONG],
  ["src/replay/packet-replayer.test.ts: has more than 400 lines", LONG],
]);

function srcFolders(list: string): string[] {
  return list.split(" ").flatMap((name) => (name === "" ? [] : [`src/${name}`]));
}
