import test from "ava";
import { SocketError } from "../../src/base/net.ts";
import { Random } from "../../src/base/random.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import { emitUdpFrame, type ParsedFrame, parseFrame } from "../../src/wire/packet.ts";
import { connect, type Tap } from "../link/link.ts";
import { Scheduler } from "../scheduler.ts";
import { Host } from "./host.ts";
import { Router, type StaticRoute } from "./router.ts";
import { play, readAll } from "./test-lab.ts";

/** Alice (10.0.0.10) and Bob (203.0.113.10) with a router between them. `seen` is what passes on Alice's link. */
function lab(routes: readonly StaticRoute[] = []) {
  const scheduler = new Scheduler();
  const random = Random.from(1);
  const router = new Router({
    name: "router",
    scheduler,
    random: random.fork("router"),
    interfaces: [
      { mac: "52:54:00:00:00:01", address: "10.0.0.1", prefixLength: 24 },
      { mac: "52:54:00:00:00:02", address: "203.0.113.1", prefixLength: 24 },
    ],
    routes,
  });
  const host = (name: string, mac: string, address: string, gateway: string) =>
    new Host({
      name,
      mac,
      address,
      prefixLength: 24,
      gateway,
      scheduler,
      random: random.fork(name),
    });
  const alice = host("alice", "52:54:00:00:00:0a", "10.0.0.10", "10.0.0.1");
  const bob = host("bob", "52:54:00:00:00:0b", "203.0.113.10", "203.0.113.1");
  const seen: { readonly frame: ParsedFrame; readonly towards: "a" | "b" }[] = [];
  const tap: Tap = {
    frame: ({ bytes }, towards) => {
      const frame = parseFrame(bytes);
      if (!isMalformed(frame)) seen.push({ frame, towards });
    },
  };
  const [inside, outside] = router.interfaces;
  if (inside === undefined || outside === undefined) throw new Error("two interfaces");
  const delay = { delayMs: 1 };
  connect(scheduler, random.fork("inside"), alice, inside, delay, tap);
  connect(scheduler, random.fork("outside"), bob, outside, delay);
  return { scheduler, router, alice, bob, seen };
}

test("hosts of two networks ping and talk through the router, which lowers the TTL", async (t) => {
  const { scheduler, router, alice, bob, seen } = lab();
  t.not((await play(scheduler, alice.ping("203.0.113.10")))[0], null);
  t.is(alice.gatewayMac(), "52:54:00:00:00:01");
  const bytes = Random.from(1).bytes(100_000);
  const server = async () => readAll(await bob.network.listen(80).accept());
  const client = async () => {
    const socket = await alice.network.connect({ address: "203.0.113.10", port: 80 });
    await socket.write(bytes);
    socket.end();
    return bytes;
  };
  const [got] = await play(scheduler, server(), client());
  t.deepEqual(new Uint8Array(got as Uint8Array), bytes);
  t.true(router.counts.forwarded > 90);
  const ttls = (towards: "a" | "b") =>
    new Set(
      seen.filter((one) => one.towards === towards).flatMap((one) => one.frame.ipv4?.ttl ?? []),
    );
  t.deepEqual(ttls("b"), new Set([64]));
  t.deepEqual(ttls("a"), new Set([63]));
});

test("the router answers to ping on its addresses, the far one too", async (t) => {
  const { scheduler, alice } = lab();
  t.not((await play(scheduler, alice.ping("10.0.0.1")))[0], null);
  t.not((await play(scheduler, alice.ping("203.0.113.1")))[0], null);
});

test("a connection to a network that the router does not know fails as unreachable", async (t) => {
  const { scheduler, router, alice } = lab();
  const attempt = alice.network.connect({ address: "198.51.100.1", port: 80 });
  await t.throwsAsync(play(scheduler, attempt), { instanceOf: SocketError, code: "ENETUNREACH" });
  t.is(router.counts.noRoute, 1);
});

test("a connection to a host that is not there fails when the router's ARP gives up", async (t) => {
  const { scheduler, alice } = lab();
  const attempt = alice.network.connect({ address: "203.0.113.99", port: 80 });
  await t.throwsAsync(play(scheduler, attempt), { instanceOf: SocketError, code: "EHOSTUNREACH" });
});

test("a packet that goes round in a circle dies, and its sender hears of it", async (t) => {
  // Bob does not forward; so the circle is a packet that comes with its last hop used up.
  const { scheduler, router, alice, seen } = lab();
  await play(scheduler, alice.ping("10.0.0.1"));
  alice.sendFrame(
    emitUdpFrame({
      destinationMac: "52:54:00:00:00:01",
      sourceMac: alice.mac,
      source: "10.0.0.10",
      destination: "203.0.113.10",
      ttl: 1,
      udp: { sourcePort: 1000, destinationPort: 2000 },
      payload: new Uint8Array(100),
    }),
  );
  await scheduler.run();
  const { icmp } = seen.at(-1)?.frame ?? {};
  t.is(icmp?.type, 11);
  // The header of the packet and the first eight bytes behind it.
  t.is(icmp?.payload.length, 28);
  t.is(router.counts.ttlExceeded, 1);
  t.is(alice.counts.icmpIgnored, 1);
});

test("a static route leads through the next router", async (t) => {
  const { scheduler, alice, bob } = lab([
    { network: "198.51.100.0", prefixLength: 24, via: "203.0.113.10" },
  ]);
  void alice.ping("198.51.100.7");
  await scheduler.run();
  // Bob gets it and does not forward.
  t.is(bob.counts.notOurs, 1);
});

test("broadcasts stay in their network", async (t) => {
  const { scheduler, alice, bob } = lab();
  const far = bob.network.datagrams(67);
  const near = alice.network.datagrams(67);
  near.send({ address: "255.255.255.255", port: 67 }, new Uint8Array(10));
  near.send({ address: "10.0.0.255", port: 67 }, new Uint8Array(10));
  near.send({ address: "203.0.113.255", port: 67 }, new Uint8Array(10));
  await scheduler.run();
  t.is(bob.counts.received, 0);
  far.close();
});
