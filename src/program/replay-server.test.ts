import test from "ava";
import type { Transaction } from "../http/transaction.ts";
import { Tape } from "../replay/tape.ts";
import { MemoryWorld } from "./memory-network.ts";
import { runProgram } from "./program.ts";
import type { ReplayServerProgram } from "./spec.ts";

const ADDRESS = "10.20.0.9";
const CNC = { address: "203.0.113.10", port: 80 };
const SHOP = { address: "203.0.113.20", port: 8080 };
const bytes = (text: string) => new TextEncoder().encode(text);
const respond = (body: string) =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

function recorded(server: typeof CNC, uri: string, body: string, order: number): Transaction {
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
    responseBytes: body.length,
    contentType: "",
    complete: true,
    raw: { request: bytes(get(uri)), response: bytes(respond(body)) },
  };
}

const tape = Tape.record([
  recorded(CNC, "/gate.php", "first", 1),
  recorded(CNC, "/gate.php", "second", 2),
  recorded(SHOP, "/gate.php", "a shop", 3),
]).format();

const program = (miss: ReplayServerProgram["miss"]): ReplayServerProgram => ({
  kind: "replay-server",
  guest: "iso-1",
  servers: [
    { ...CNC, playedAt: 8001 },
    { ...SHOP, playedAt: 8002 },
  ],
  tape,
  miss,
});

/** What comes back for these bytes until the server closes, or null where it does not. */
async function ask(world: MemoryWorld, port: number, text: string): Promise<string | null> {
  const socket = await world
    .host("iso-1", "10.20.0.10")
    .network.connect({ address: ADDRESS, port });
  await socket.write(bytes(text));
  let answer = "";
  const isClosed = (async () => {
    for (;;) {
      const piece = await socket.read();
      if (piece === null) return true;
      answer += Buffer.from(piece).toString();
    }
  })();
  const closed = await Promise.race([isClosed, world.sleep(1000).then(() => false)]);
  socket.destroy();
  isClosed.catch(() => {});
  return closed ? `${answer}[closed]` : answer;
}

async function play(miss: ReplayServerProgram["miss"], asked: readonly [number, string][]) {
  const world = new MemoryWorld();
  void runProgram(program(miss), world.host("responder", ADDRESS));
  const answers: (string | null)[] = [];
  await world.run(
    (async () => {
      for (const [port, text] of asked) answers.push(await ask(world, port, text));
    })(),
  );
  return { answers, events: world.events };
}

test("each port answers as its server, in recorded order, byte for byte", async (t) => {
  const { answers, events } = await play("close", [
    [8001, get("/gate.php") + get("/gate.php?again")],
    [8002, get("/gate.php")],
  ]);
  t.deepEqual(answers, [respond("first") + respond("second"), respond("a shop")]);
  t.deepEqual(
    events
      .filter(({ kind }) => kind === "replay.answer")
      .map(({ guest, server, uri, label, recorded: n }) => [guest, server, uri, label, n]),
    [
      ["iso-1", "203.0.113.10:80", "/gate.php", "recorded", respond("first").length],
      ["iso-1", "203.0.113.10:80", "/gate.php?again", "recorded", respond("second").length],
      ["iso-1", "203.0.113.20:8080", "/gate.php", "recorded", respond("a shop").length],
    ],
  );
});

test("a request that was never recorded ends the connection, as does what is no request", async (t) => {
  const { answers, events } = await play("close", [
    [8001, get("/other")],
    [8001, "\0\0\0 no HTTP at all \r\n\r\n"],
  ]);
  t.deepEqual(answers, ["[closed]", "[closed]"]);
  t.deepEqual(
    events.filter(({ kind }) => kind === "replay.answer").map(({ label }) => label),
    ["refused", "refused"],
  );
});

test("by the other miss policy it gets an empty answer, and the connection stays", async (t) => {
  const { answers } = await play("empty-200", [[8001, get("/other") + get("/gate.php")]]);
  t.deepEqual(answers, [`${respond("")}${respond("first")}`]);
});
