import { Host } from "../../sim/host/host.ts";
import { Router } from "../../sim/host/router.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { SocketError } from "../../src/base/net.ts";
import { Random } from "../../src/base/random.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import { parseFrame } from "../../src/wire/packet.ts";
import { makeTalk } from "../seeds/make-capture.ts";
import { makeFrames } from "../seeds/make-frames.ts";
import { type Ends, framesOf } from "../seeds/segments.ts";
import { Contradiction, type Target } from "../target.ts";
import { readPieces } from "./captures.ts";

const MACS = ["52:54:00:00:00:01", "52:54:00:00:00:02"] as const;
const ADDRESSES = ["10.0.0.1", "10.0.0.2"] as const;
/** Longer than any timeout of a connection. */
const LONG_NS = 3_600e9;

function makeHost(scheduler: Scheduler): Host {
  return new Host({
    name: "bob",
    mac: MACS[1],
    address: ADDRESSES[1],
    prefixLength: 24,
    scheduler,
    random: Random.from("host"),
  });
}

/** The host's first sequence number is the same each time: ask for it, so that handshakes succeed. */
function initialOfHost(): number {
  let initial = 0;
  const host = makeHost(new Scheduler());
  host.onSend = (bytes) => {
    const frame = parseFrame(bytes);
    if (!isMalformed(frame) && frame.tcp !== undefined) initial = frame.tcp.sequence;
  };
  host.network.listen(80);
  const framing = { segmentBytes: 1_448, handshake: true, ending: "none" } as const;
  host.receive(framesOf([], ends(0), framing)[0]!.bytes);
  return initial;
}

function ends(hostInitial: number): Ends {
  return { macs: MACS, addresses: ADDRESSES, ports: [40_000, 80], initial: [1_000, hostInitial] };
}

const ENDS = ends(initialOfHost());

/** Frames to a host that listens and answers what it reads, and to a router. */
export const host: Target = {
  name: "host",
  share: 2,
  make: (own) => makeFrames(own, makeTalk(own), ENDS, 0.2),
  async run(input) {
    const { records } = await readPieces(input, input.length);
    const scheduler = new Scheduler();
    const bob = makeHost(scheduler);
    bob.onSend = () => {};
    const router = new Router({
      name: "router",
      scheduler,
      random: Random.from("router"),
      interfaces: [
        { mac: MACS[1], address: "10.0.0.2", prefixLength: 24 },
        { mac: MACS[1], address: "203.0.113.1", prefixLength: 24 },
      ],
    });
    let failure: unknown = null;
    serve(bob).catch((error) => {
      failure = error;
    });
    for (const { bytes } of records) {
      bob.receive(bytes);
      router.interfaces[0]?.receive(bytes);
      await scheduler.run({ deadlineNs: scheduler.nowNumber + 3e6 });
    }
    await scheduler.run({ deadlineNs: scheduler.nowNumber + LONG_NS });
    if (failure !== null) throw failure;
    if (bob.counts.received !== records.length) throw new Contradiction("a frame was not counted");
    bob.halt();
    if (bob.connectionCount > 0) throw new Contradiction("a connection outlives the host");
  },
};

/** Sends back what it reads, for as long as anybody connects. */
async function serve(host: Host): Promise<void> {
  const listener = host.network.listen(80);
  for (;;) {
    const socket = await listener.accept();
    try {
      for (let bytes = await socket.read(); bytes !== null; bytes = await socket.read()) {
        await socket.write(bytes);
      }
      socket.end();
    } catch (error) {
      // The bot broke the connection, which it may.
      if (!(error instanceof SocketError)) throw error;
    }
  }
}
