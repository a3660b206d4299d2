import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { encodeMessage, type Message, MessageReader, TYPE } from "../../src/openflow/message.ts";
import { LabTimers } from "../host/lab-time.ts";
import { OpenFlowPort } from "./openflow-port.ts";

const timers = new LabTimers({ monotonicNs: 0n, speed: 1 });
const PACKET_IN = Buffer.from(
  "ffffffff0004010000000000000000000001000c8000000400000001000000000000deadbeef",
  "hex",
);

/** A switch that shakes hands and answers barriers. */
class FakeSwitch {
  readonly path = join(mkdtempSync(join(tmpdir(), "isoreplay-of-")), "br.mgmt");
  readonly received: Message[] = [];
  /** Takes everything, and answers nothing. */
  isMute = false;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  async start(): Promise<void> {
    rmSync(this.path, { force: true });
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  packetIn(): void {
    for (const socket of this.#sockets) socket.write(encodeMessage(TYPE.packetIn, 0, PACKET_IN));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    const reader = new MessageReader();
    socket.write(encodeMessage(TYPE.hello, 1));
    socket.on("data", (bytes) => {
      for (const message of reader.push(bytes)) {
        this.received.push(message);
        if (message.type === TYPE.barrierRequest && !this.isMute)
          socket.write(encodeMessage(TYPE.barrierReply, message.xid));
      }
    });
  }
}

async function connected() {
  const bridge = new FakeSwitch();
  await bridge.start();
  const port = await OpenFlowPort.connect({ path: bridge.path, timers, connectMsMax: 5000 });
  return { bridge, port };
}

test("frames go in and out over the bridge's socket", async (t) => {
  const { bridge, port } = await connected();
  const arrived = new Promise<Uint8Array>((resolve) => port.onFrame(resolve));
  bridge.packetIn();
  t.is(Buffer.from(await arrived).toString("hex"), "deadbeef");
  port.send(Uint8Array.of(1, 2, 3));
  await port.barrier();
  const out = bridge.received.find(({ type }) => type === TYPE.packetOut);
  t.deepEqual([...(out?.body.subarray(-3) ?? [])], [1, 2, 3]);
  port.close();
  await bridge.stop();
});

test("whoever waits for a switch that dies is let go", async (t) => {
  t.timeout(10_000);
  const { bridge, port } = await connected();
  bridge.isMute = true;
  const waiting = port.drop([{ table: 0, priority: 1, what: { inPort: 1 } }]);
  await bridge.stop();
  await waiting;
  t.false(port.isUp);
  port.close();
});

test("an error of whoever takes the frames is told, and the connection stays", async (t) => {
  const bridge = new FakeSwitch();
  await bridge.start();
  const told = Promise.withResolvers<unknown>();
  const port = await OpenFlowPort.connect({
    path: bridge.path,
    timers,
    connectMsMax: 5000,
    onFailure: told.resolve,
  });
  port.onFrame(() => {
    throw new RangeError("broken on purpose");
  });
  bridge.packetIn();
  t.is(String(await told.promise), "RangeError: broken on purpose");
  t.true(port.isUp);
  port.close();
  await bridge.stop();
});

test("while the switch is away frames are lost and counted, and afterwards they pass again", async (t) => {
  const { bridge, port } = await connected();
  await bridge.stop();
  // A barrier without a connection is done at once; until then the loss of the connection may not have been noticed.
  while (port.counts.lost === 0) {
    port.send(Uint8Array.of(1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await bridge.start();
  const arrived = new Promise<Uint8Array>((resolve) => port.onFrame(resolve));
  const again = setInterval(() => bridge.packetIn(), 5);
  t.is((await arrived).length, 4);
  clearInterval(again);
  // The fake sends its frame whether the handshake is over or not.
  while (port.counts.reconnects === 0) await new Promise((resolve) => setImmediate(resolve));
  t.is(port.counts.reconnects, 1);
  port.close();
  await bridge.stop();
});

test("a switch that does not answer is told with its socket and what helps", async (t) => {
  const path = join(tmpdir(), "isoreplay-no-such-switch");
  const error = await t.throwsAsync(OpenFlowPort.connect({ path, timers, connectMsMax: 50 }));
  t.regex(error?.message ?? "", /within 50 ms/);
});
