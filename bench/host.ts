import { pair, play } from "../sim/host/test-lab.ts";

/**
 * A bulk transfer between two hosts over one link: packets per second of CPU, for both stacks, the link and the
 * programs together. Each packet is built once and taken apart once.
 */
const BYTES = 300_000_000;
const PIECE = new Uint8Array(65_536).fill(0x55);

async function transfer(bytes: number) {
  const { scheduler, alice, bob, link } = pair({ delayMs: 1 });
  const send = async () => {
    const socket = await alice.network.connect({ address: "10.0.0.2", port: 80 });
    for (let sent = 0; sent < bytes; sent += PIECE.length) await socket.write(PIECE);
    socket.end();
  };
  const receive = async () => {
    const socket = await bob.network.listen(80).accept();
    let got = 0;
    for (;;) {
      const chunk = await socket.read();
      if (chunk === null) break;
      got += chunk.length;
    }
    if (got < bytes) throw new Error(`only ${got} bytes arrived`);
  };
  const before = process.cpuUsage();
  await play(scheduler, send(), receive());
  const used = process.cpuUsage(before);
  const seconds = (used.user + used.system) / 1e6;
  const packets = link.counts.a.delivered + link.counts.b.delivered;
  return { seconds, packets, turns: scheduler.turns, events: scheduler.executed };
}

await transfer(BYTES / 10);
const { seconds, packets, turns, events } = await transfer(BYTES);
const perSecond = Math.round(packets / seconds);
console.log(
  JSON.stringify({
    bench: "host",
    packets,
    cpuSeconds: Number(seconds.toFixed(3)),
    packetsPerCpuSecond: perSecond,
    events,
    turns,
    rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  }),
);
