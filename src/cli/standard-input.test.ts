import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { isoreplay, scratch } from "../../test/cli.fixture.ts";
import { captureOf, page } from "./capture.fixture.ts";

const DEADLINE_MS = 60_000;

/** The program with its standard input open. */
class Live {
  readonly #child: ChildProcessWithoutNullStreams;
  stdout = "";
  stderr = "";
  status: number | null = null;
  #closed = false;
  #changed = () => {};

  constructor(t: ExecutionContext, args: readonly string[]) {
    const child = spawn(process.execPath, ["bin/isoreplay.js", ...args]);
    this.#child = child;
    t.teardown(() => child.kill("SIGKILL"));
    child.stdout.on("data", (text) => {
      this.stdout += text;
      this.#changed();
    });
    child.stderr.on("data", (text) => {
      this.stderr += text;
      this.#changed();
    });
    child.once("close", (status) => {
      this.status = status;
      this.#closed = true;
      this.#changed();
    });
    // It may end before it has read everything.
    child.stdin.on("error", () => {});
  }

  feed(bytes: Uint8Array): void {
    this.#child.stdin.write(bytes);
  }

  end(): void {
    this.#child.stdin.end();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  records(count: number): Promise<void> {
    return this.#until(`${count} records`, () => this.stdout.split("\n").length > count);
  }

  closed(): Promise<void> {
    return this.#until("the end", () => this.#closed);
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const deadline = setTimeout(
      () => reject(new Error(`${what} did not come; stderr: ${this.stderr}`)),
      DEADLINE_MS,
    );
    this.#changed = () => {
      if (holds()) resolve();
    };
    this.#changed();
    await promise.finally(() => clearTimeout(deadline));
  }
}

const unanswered = { request: "GET /poll HTTP/1.1\r\nHost: cnc.example\r\n\r\n", response: "" };
const CAPTURE = captureOf("10.0.0.5", [
  page("/first", 10),
  unanswered,
  page("/third", 30),
  page("/fourth", 40),
]);
/** Behind the last packet of each answer. */
const THIRD = CAPTURE.indexOf("GET /fourth");

test("a live capture gives each record when it is complete, and its summary at the end", async (t) => {
  const live = new Live(t, ["extract", "-"]);
  live.feed(CAPTURE.subarray(0, CAPTURE.indexOf("GET /poll")));
  await live.records(1);
  t.like(JSON.parse(live.stdout), { capture: "-", uri: "/first", status: 200 });
  // The answer to /poll never comes, and holds up nothing.
  live.feed(CAPTURE.subarray(CAPTURE.indexOf("GET /poll"), THIRD));
  await live.records(2);
  t.like(JSON.parse(live.stdout.split("\n")[1] ?? ""), { uri: "/third", responseBytes: 30 });
  t.is(live.stderr, "");
  live.feed(CAPTURE.subarray(THIRD));
  live.end();
  await live.closed();
  t.is(live.status, 0);
  t.deepEqual(
    live.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).uri),
    ["/first", "/third", "/fourth", "/poll"],
  );
  t.regex(live.stderr, /^-: packets 24, .*transactions 4/);
});

for (const signal of ["SIGINT", "SIGTERM"] as const)
  test(`${signal} ends a live capture in order`, async (t) => {
    const live = new Live(t, ["extract", "-"]);
    live.feed(CAPTURE.subarray(0, THIRD));
    await live.records(2);
    live.signal(signal);
    await live.closed();
    t.is(live.status, 0);
    t.regex(live.stdout, /"uri":"\/poll","status":null/);
    t.regex(live.stderr, /^-: packets 2\d, .*transactions 3.*cut-short 1/);
  });

test("a signal comes in a pipeline: what the writer still says is read", async (t) => {
  const live = new Live(t, ["extract", "-"]);
  live.feed(CAPTURE.subarray(0, THIRD));
  await live.records(2);
  live.signal("SIGINT");
  live.feed(CAPTURE.subarray(THIRD));
  live.end();
  await live.closed();
  t.is(live.status, 0);
  t.regex(live.stderr, /^-: packets 24, .*transactions 4/);
});

test("standard input may be packed, and may be one capture of several", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "bot.pcap");
  await writeFile(file, CAPTURE);
  const plain = await isoreplay("extract", file);
  const live = new Live(t, ["extract", "--jobs", "2", file, "-", file]);
  live.feed(gzipSync(CAPTURE));
  live.end();
  await live.closed();
  t.is(live.status, 0);
  const lines = live.stdout.trim().split("\n");
  const expected = plain.stdout.split("\n");
  t.deepEqual(lines.slice(0, 4), expected);
  t.deepEqual(
    lines.slice(4, 8).toSorted(),
    expected.map((l) => l.replace("bot.pcap", "-")).toSorted(),
  );
  t.deepEqual(lines.slice(8), expected);
});

test("observe and classify read standard input, too", async (t) => {
  for (const command of ["observe", "classify"]) {
    const live = new Live(t, [command, "--json", "-"]);
    live.feed(CAPTURE);
    live.end();
    await live.closed();
    t.is(live.status, 0);
    t.like(JSON.parse(live.stdout), { capture: "-", client: "10.0.0.5" });
  }
});

test("an empty standard input is an empty file, and no capture is no capture", async (t) => {
  const empty = new Live(t, ["extract", "-"]);
  empty.end();
  await empty.closed();
  t.is(empty.status, 65);
  t.regex(empty.stderr, /^isoreplay: -: the file is empty/);
  const text = new Live(t, ["extract", "-"]);
  text.feed(Buffer.from("this is no capture"));
  await text.closed();
  t.is(text.status, 65);
  t.regex(text.stderr, /^isoreplay: -: this is neither pcap nor pcapng/);
});
