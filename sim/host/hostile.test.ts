import test from "ava";
import fc from "fast-check";
import { Random } from "../../src/base/random.ts";
import { emitTcpFrame, emitUdpFrame } from "../../src/wire/packet.ts";
import { Router } from "./router.ts";
import { pair, play } from "./test-lab.ts";

const BOB = {
  destinationMac: "52:54:00:00:00:02",
  sourceMac: "52:54:00:00:00:01",
  source: "10.0.0.1",
  destination: "10.0.0.2",
};

test("no frame, however broken, stops a host or a router; each is counted", (t) => {
  const anything = fc.uint8Array({ maxLength: 200 });
  // A good header in front, so that the deeper layers are reached.
  const nearlyGood = fc.tuple(fc.nat(5), fc.nat(80), fc.nat(255)).map(([kind, at, value]) => {
    const tcp = {
      sourcePort: 1,
      destinationPort: 80,
      sequence: value,
      acknowledgement: at,
      flags: kind * 7,
      window: 9,
    };
    const bytes = emitTcpFrame({ ...BOB, tcp, payload: new Uint8Array(20) }).slice();
    bytes[at % bytes.length] = value;
    return bytes;
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(anything, nearlyGood), { maxLength: 30 }), (frames) => {
      const { scheduler, bob } = pair();
      bob.network.listen(80);
      const router = new Router({
        name: "router",
        scheduler,
        random: Random.from(1),
        interfaces: [{ mac: BOB.destinationMac, address: "10.0.0.2", prefixLength: 24 }],
      });
      for (const frame of frames) {
        bob.receive(frame);
        router.interfaces[0]?.receive(frame);
      }
      t.is(bob.counts.received, frames.length);
      t.is(router.counts.received, frames.length);
    }),
    { numRuns: 500 },
  );
});

test("what is refused is counted by its reason", (t) => {
  const { bob } = pair();
  const udp = { sourcePort: 1, destinationPort: 2 };
  const payload = new Uint8Array(30);
  const frame = emitUdpFrame({ ...BOB, udp, payload });
  const wrong = frame.slice();
  wrong[50] = 99;
  bob.receive(wrong);
  t.is(bob.counts.wrongChecksum, 1);
  bob.receive(frame.subarray(0, 30));
  bob.receive(frame.subarray(0, 10));
  t.is(bob.counts.malformed, 2);
  bob.receive(emitUdpFrame({ ...BOB, destinationMac: "52:54:00:00:00:77", udp, payload }));
  t.is(bob.counts.forOthers, 1);
  bob.receive(emitUdpFrame({ ...BOB, destination: "10.0.0.77", udp, payload }));
  t.is(bob.counts.notOurs, 1);
  bob.receive(emitUdpFrame({ ...BOB, vlan: 5, udp, payload }));
  t.is(bob.counts.unknownProtocol, 1);
  bob.receive(emitUdpFrame({ ...BOB, source: "fe80::1", destination: "fe80::2", udp, payload }));
  t.is(bob.counts.unknownProtocol, 2);
});

test("a flood of SYNs fills one listener's backlog and no more", async (t) => {
  const { scheduler, alice, bob } = pair();
  bob.network.listen(80);
  for (let port = 1; port <= 1000; port++) {
    const tcp = {
      sourcePort: port,
      destinationPort: 80,
      sequence: port,
      acknowledgement: 0,
      flags: 2,
      window: 1000,
    };
    alice.sendFrame(emitTcpFrame({ ...BOB, source: "10.0.0.200", tcp, payload: new Uint8Array() }));
  }
  await scheduler.run({ deadlineNs: 1e9 });
  t.is(bob.connectionCount, 128);
  t.is(bob.counts.listenOverflow, 872);
  // Nobody answers: the half-open ones are given up.
  await scheduler.run();
  t.is(bob.connectionCount, 0);
  t.is(scheduler.pending, 0);
});

test("a thousand short connections leave nothing behind", async (t) => {
  const { scheduler, alice, bob } = pair({ delayMs: 0.1 });
  const listener = bob.network.listen(80);
  const serve = async () => {
    for (let i = 0; i < 1000; i++) {
      const socket = await listener.accept();
      await socket.read();
      await socket.write(new Uint8Array(100));
      socket.end();
    }
  };
  const ask = async () => {
    for (let i = 0; i < 1000; i++) {
      const socket = await alice.network.connect({ address: "10.0.0.2", port: 80 });
      await socket.write(new Uint8Array(10));
      while ((await socket.read()) !== null);
      socket.end();
    }
  };
  await play(scheduler, serve(), ask());
  await scheduler.run();
  t.is(alice.connectionCount + bob.connectionCount, 0);
  t.is(scheduler.pending, 0);
});

test("an address that is none is refused before anything is sent", async (t) => {
  const { scheduler, alice } = pair();
  const attempt = alice.network.connect({ address: "cnc.example", port: 80 });
  await t.throwsAsync(play(scheduler, attempt), { instanceOf: RangeError });
  t.throws(
    () => alice.network.datagrams(0).send({ address: "10.0.0.2", port: 0 }, new Uint8Array()),
    {
      instanceOf: RangeError,
    },
  );
  t.is(alice.connectionCount, 0);
});
