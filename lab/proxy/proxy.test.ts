import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import type { ProgramEvent, ProxySpec } from "../../src/host/host.ts";
import type { Transaction } from "../../src/http/transaction.ts";
import { Tape } from "../../src/replay/tape.ts";
import { hasProxy } from "../../test/labs.fixture.ts";
import { startProxy } from "./proxy.ts";

const CNC = { address: "203.0.113.10", port: 80 };
const SHOP = { address: "203.0.113.20", port: 80 };
const bytes = (line: string) => new TextEncoder().encode(line);
const respond = (body: string, head = `content-LENGTH: ${body.length}\r\n`) =>
  `HTTP/1.1 200 Recorded\r\nX-Odd: a\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n${head}\r\n${body}`;

function recorded(server: typeof CNC, uri: string, response: string, order: number): Transaction {
  const time = BigInt(order);
  return {
    client: { address: "10.10.0.11", port: 40_000 },
    server,
    requestStartNs: time,
    requestEndNs: time,
    responseEndNs: time,
    method: "GET",
    host: "x",
    uri,
    status: 200,
    requestBytes: 0,
    responseBytes: response.length,
    contentType: "",
    complete: true,
    raw: { request: bytes(""), response: bytes(response) },
  };
}

const CHUNKED = respond("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n");
const tape = Tape.record([
  recorded(CNC, "/gate.php?n=1", respond("first"), 1),
  recorded(CNC, "/gate.php?n=2", respond("second"), 2),
  recorded(CNC, "/chunks", CHUNKED, 3),
  recorded(SHOP, "/shop", respond("a shop"), 4),
]).format();

async function withProxy(
  t: ExecutionContext,
  port: number,
  miss: ProxySpec["miss"],
  ask: (get: (uri: string) => Promise<string>) => Promise<void>,
): Promise<readonly ProgramEvent[]> {
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-test-"));
  const events: ProgramEvent[] = [];
  const { promise: isUp, resolve } = Promise.withResolvers<void>();
  const report = (event: ProgramEvent) => {
    if (event.kind === "replay.listening") resolve();
    else events.push(event);
  };
  const spec = { port, guest: "iso-1", server: CNC, tape, miss };
  const proxy = await startProxy(spec, { report }, "127.0.0.1", folder);
  try {
    await Promise.race([isUp, proxy.ended]);
    await ask(async (uri) => {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(`GET ${uri} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      return text(socket);
    });
  } finally {
    await proxy.stop();
    await rm(folder, { recursive: true });
  }
  await t.notThrowsAsync(proxy.ended);
  return events;
}

test.serial(
  "the proxy gives the recorded answers of its server, and closes on what it does not know",
  async (t) => {
    if (!hasProxy(t)) return;
    t.timeout(60_000);
    const events = await withProxy(t, 41_500, "close", async (get) => {
      t.is(await get("/gate.php?n=7"), respond("first"));
      t.is(await get("/gate.php?n=8"), respond("second"));
      t.is(await get("/gate.php?n=9"), "");
      t.is(await get("/shop"), "");
      t.regex(await get("/chunks"), /\r\n3\r\nabc\r\n0\r\n\r\n$/);
    });
    t.deepEqual(
      events.map(({ kind, server, uri, label }) => [kind, server, uri, label]),
      [
        ["replay.answer", "203.0.113.10:80", "/gate.php?n=7", "recorded"],
        ["replay.answer", "203.0.113.10:80", "/gate.php?n=8", "recorded"],
        ["replay.answer", "203.0.113.10:80", "/gate.php?n=9", "refused"],
        ["replay.answer", "203.0.113.10:80", "/shop", "refused"],
        ["replay.answer", "203.0.113.10:80", "/chunks", "substituted"],
      ],
    );
  },
);

test.serial("by the other miss policy an unknown request gets an empty answer", async (t) => {
  if (!hasProxy(t)) return;
  t.timeout(60_000);
  await withProxy(t, 41_501, "empty-200", async (get) => {
    t.regex(await get("/shop"), /^HTTP\/1\.1 200 OK\r\ncontent-length: 0\r\n\r\n$/);
  });
});

test.serial("a proxy that cannot run says why", async (t) => {
  if (!hasProxy(t)) return;
  t.timeout(60_000);
  const spec = { port: 1, guest: "iso-1", server: CNC, tape, miss: "close" } as const;
  // An address that this machine does not have (RFC 5737).
  const proxy = await startProxy(spec, { report: () => {} }, "192.0.2.1", tmpdir());
  await t.throwsAsync(proxy.ended, { message: /^the proxy ended: / });
});
