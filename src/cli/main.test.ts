import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { isoreplay, scratch } from "../../test/cli.fixture.ts";
import { resultsFixture } from "../report/results.fixture.ts";
import { RunFolder } from "../run/folder.ts";
import { formatResults } from "../run/results.ts";
import { captureOf, page } from "./capture.fixture.ts";

async function folder(t: ExecutionContext): Promise<string> {
  const made = await scratch();
  t.teardown(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** A bot's capture: `requests` answers of `length` bytes. */
async function botCapture(path: string, client: string, requests: number, length: number) {
  const polls = Array.from({ length: requests }, (_, i) => page("/gate.php", length + i));
  await writeFile(path, captureOf(client, [page("/config.bin", 300), ...polls]));
}

/** What is wrong is told in one line on stderr, with its own exit status and nothing on stdout. */
const refused = test.macro<[args: readonly string[], status: number, message: RegExp]>({
  async exec(t, args, status, message) {
    const said = await isoreplay(...args);
    t.is(said.status, status);
    t.regex(said.stderr, message);
    t.is(said.stderr.split("\n").length, 1, said.stderr);
    t.is(said.stdout, "");
  },
  title: (_, args) => `one clear line: isoreplay ${args.join(" ")}`,
});

test(
  refused,
  ["clasify", "x"],
  64,
  /^isoreplay: unknown command 'clasify' \(Did you mean classify\?\)$/,
);
test(refused, ["extract"], 64, /missing required argument 'capture'/);
test(refused, ["run", "--sed", "1"], 64, /unknown option '--sed' \(Did you mean --seed\?\)/);
test(refused, ["run", "--seed", "1.5"], 64, /'1.5' is invalid. It must be a whole number\.$/);
test(refused, ["run", "--lab", "vmware"], 64, /Allowed choices are sim, mininet, devstack/);
test(refused, ["observe", "x.pcap", "--gap", "0"], 64, /It must be a positive number of seconds/);
test(refused, ["train", "x.pcap", "--model", "m", "--k", "0"], 64, /whole number of at least 1/);
test(refused, ["extract", "x.pcap", "--jobs", "0"], 64, /whole number of at least 1/);
test(refused, ["extract", "-", "-"], 64, /standard input can be read only once/);
test(refused, ["run", "--capture", "-"], 64, /it must be a file/);
test(refused, ["extract", "no-such.pcap"], 65, /^isoreplay: no-such.pcap: there is no such file$/);
test(refused, ["extract", "src"], 65, /^isoreplay: src: is a folder, not a capture$/);
test(refused, ["classify", "package.json"], 65, /package.json: this is neither pcap nor pcapng/);
test(
  refused,
  ["classify", "x", "--model", "package.json"],
  65,
  /package.json: is no isoreplay model/,
);
test(refused, ["validate", "papr"], 65, /^isoreplay: papr: no scenario .*the nearest is paper/);
test(refused, ["verify", "src"], 65, /^isoreplay: src: is not a run folder/);
test(refused, ["report", "no-such-run"], 65, /no-such-run: is not a run folder/);

test("an empty file is no capture", async (t) => {
  const file = join(await folder(t), "empty.pcap");
  await writeFile(file, "");
  const { status, stderr } = await isoreplay("extract", file);
  t.is(status, 65);
  t.regex(stderr, /empty.pcap: the file is empty/);
});

test("without a command the help is shown, and that is a mistake", async (t) => {
  const { status, stderr } = await isoreplay();
  t.is(status, 64);
  t.regex(stderr, /Usage: isoreplay/);
});

test("every command has help with an example", async (t) => {
  const { stdout, status } = await isoreplay("--help");
  t.is(status, 0);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) \[/gm)].map((match) => match[1] as string);
  t.true(commands.length >= 9);
  for (const command of commands.filter((name) => name !== "help")) {
    const help = await isoreplay(command, "--help");
    t.is(help.status, 0);
    t.regex(help.stdout, /Examples?:\n {2}\$ isoreplay /, command);
  }
});

test("extract prints the record, in order, and counts on stderr", async (t) => {
  const file = join(await folder(t), "bot.pcap");
  await botCapture(file, "10.0.0.5", 2, 100);
  const { status, stdout, stderr } = await isoreplay("extract", file);
  t.is(status, 0);
  const records = stdout.split("\n").map((line) => JSON.parse(line));
  t.deepEqual(records[1], {
    capture: "bot.pcap",
    client: "10.0.0.5:40001",
    server: "203.0.113.10:80",
    time: 1.009,
    method: "GET",
    host: "cnc.example",
    uri: "/gate.php",
    status: 200,
    requestBytes: 0,
    responseBytes: 100,
    contentType: "text/html",
    complete: true,
  });
  t.is(records.length, 3);
  t.regex(stderr, /^bot\.pcap: packets 18, .*transactions 3/);
});

test("one capture that cannot be read does not hide the others, and is not hidden by them", async (t) => {
  const file = join(await folder(t), "bot.pcap");
  await botCapture(file, "10.0.0.5", 1, 100);
  const { status, stdout, stderr } = await isoreplay("extract", "no-such.pcap", file);
  t.is(status, 65);
  t.is(stdout.split("\n").length, 2);
  t.regex(stderr, /isoreplay: no-such.pcap: there is no such file/);
});

test("a capture that was cut off is read up to the cut", async (t) => {
  const file = join(await folder(t), "cut.pcap");
  await botCapture(file, "10.0.0.5", 3, 100);
  await writeFile(file, (await readFile(file)).subarray(0, -150));
  const { status, stdout, stderr } = await isoreplay("extract", file);
  t.is(status, 0);
  t.true(stdout.split("\n").length >= 3);
  t.regex(stderr, /cut-short 1/);
});

test("a reader that has seen enough ends the work without a word", async (t) => {
  const file = join(await folder(t), "bot.pcap");
  await botCapture(file, "10.0.0.5", 2000, 10);
  const child = spawn(process.execPath, ["bin/isoreplay.js", "extract", file], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  child.stdout.once("data", () => child.stdout.destroy());
  const status = await new Promise((resolve) => child.once("close", resolve));
  t.is(status, 0);
  t.notRegex(complaint, /EPIPE|isoreplay:|at /);
});

test("a model that was trained on bots knows them again, and shows what it knows", async (t) => {
  const at = await folder(t);
  const captures: string[] = [];
  for (let n = 0; n < 4; n++)
    for (const [name, requests, length] of [
      ["poller", 20, 100],
      ["loader", 4, 3000],
    ] as const) {
      const path = join(at, `${name}-${n}.pcap`);
      await botCapture(path, `10.0.0.${captures.length + 1}`, requests + (n % 2), length + n * 10);
      captures.push(path);
    }
  const labels = join(at, "labels.yaml");
  const lines = captures.map((path) => {
    const base = path.slice(at.length + 1);
    return `${base}: ${base.replace(/-.*/, "")}`;
  });
  await writeFile(labels, lines.join("\n"));
  const model = join(at, "model.json");
  const trained = await isoreplay(
    "train",
    ...captures,
    "--model",
    model,
    "--k",
    "2",
    "--labels",
    labels,
  );
  t.is(trained.status, 0, trained.stderr);
  t.regex(trained.stdout, /poller +4 /);
  t.regex(trained.stdout, /purity 1\.00, adjusted Rand index 1\.00/);
  t.deepEqual(
    (await readdir(at)).filter((name) => name.includes("tmp")),
    [],
  );

  const file = join(at, "new.pcap");
  await botCapture(file, "10.9.9.9", 20, 110);
  const judged = await isoreplay("classify", file, "--model", model, "--json");
  const record = JSON.parse(judged.stdout);
  t.like(record, { capture: "new.pcap", client: "10.9.9.9", verdict: "known", label: "poller" });
  t.is(record.distances.length, 2);
  const table = await isoreplay("classify", file, "--model", model);
  t.regex(table.stdout, /10\.9\.9\.9 .*known .*poller/);
  t.regex(table.stdout, /1 conversation in 1 capture: 1 known \(poller 1\), 0 unknown, 0 benign$/);

  const wrong = join(at, "wrong.yaml");
  await writeFile(wrong, "typo.pcap: poller");
  const refusedLabels = await isoreplay(
    "train",
    ...captures,
    "--model",
    join(at, "m2"),
    "--labels",
    wrong,
  );
  t.is(refusedLabels.status, 65);
  t.regex(refusedLabels.stderr, /no conversation is of "typo.pcap"/);
  t.false((await readdir(at)).includes("m2"));
});

test("observe shows the paper's two columns, and all of them as JSON", async (t) => {
  const file = join(await folder(t), "bot.pcap");
  await botCapture(file, "10.0.0.5", 3, 100);
  const table = await isoreplay("observe", file);
  t.regex(table.stdout, /client +server +window \(s\) +response_bytes_mean +php_requests/);
  t.regex(table.stdout, /10\.0\.0\.5 +203\.0\.113\.10:80 .* 101 +3 /);
  const record = JSON.parse((await isoreplay("observe", file, "--json")).stdout);
  t.like(record, { capture: "bot.pcap", php_requests: 3, response_bytes_mean: 101 });
});

test("validate names the place, the rule and the nearest key of every mistake", async (t) => {
  const file = join(await folder(t), "wrong.yaml");
  await writeFile(file, "name: wrong\nround: 2\nseeed: 3\n");
  const { status, stderr, stdout } = await isoreplay("validate", "paper", file);
  t.is(status, 65);
  t.regex(stdout, /scenario\.yaml: valid/);
  t.regex(stderr, /^isoreplay: .*wrong\.yaml:2:1: .*rounds/m);
  t.regex(stderr, /wrong\.yaml:3:1: /);
  const json = JSON.parse((await isoreplay("validate", file, "--json")).stdout);
  t.false(json[0].valid);
  t.is(json[0].errors.length, 2);
});

test("report prints a finished run again, and verify tells whether it was touched", async (t) => {
  const at = await folder(t);
  const open = await RunFolder.create({
    base: at,
    scenario: "paper",
    lab: "sim",
    seed: 1,
    startedAt: new Date(0),
  });
  open.writeText("results.json", formatResults(resultsFixture()));
  const { path } = await open.finish(
    {
      isoreplay: "0",
      commit: null,
      modified: null,
      lockfile: null,
      versions: { node: "24", ovs: null, kernel: "x" },
    },
    [],
  );
  const text = await isoreplay("report", path);
  t.is(text.status, 0);
  t.regex(text.stdout, /✘ manifestation/);
  t.regex(text.stdout, /report\.html$/);
  t.is(
    (await isoreplay("report", path, "--json")).stdout,
    formatResults(resultsFixture()).trimEnd(),
  );

  t.is((await isoreplay("verify", path)).status, 0);
  await writeFile(join(path, "results.json"), "{}");
  await mkdir(join(path, "more"));
  await writeFile(join(path, "more", "notes"), "");
  const verified = await isoreplay("verify", path);
  t.is(verified.status, 1);
  t.regex(verified.stdout, /^extra: more\/notes|changed: results\.json/m);
  t.is((await isoreplay("report", path)).status, 65);
});

test("doctor says which labs run here, and how to mend the others", async (t) => {
  const { status, stdout } = await isoreplay("doctor", "--json");
  t.is(status, 0);
  const labs = JSON.parse(stdout) as {
    lab: string;
    runs: boolean;
    missing: string[];
    mend: string[];
  }[];
  t.deepEqual(
    labs.map(({ lab }) => lab),
    ["sim", "mininet", "guest", "openstack", "vagrant", "devstack"],
  );
  const [sim, mininet] = labs;
  t.true(sim?.runs);
  t.is(mininet?.runs, mininet?.missing.length === 0);
  t.is(mininet?.runs, mininet?.mend.length === 0);
});
