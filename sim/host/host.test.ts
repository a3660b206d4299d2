import test from "ava";
import { SocketError } from "../../src/base/net.ts";
import { Random } from "../../src/base/random.ts";
import { pair, play, readAll } from "./test-lab.ts";

const text = (string: string) => new TextEncoder().encode(string);
const string = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("two hosts find each other by ARP and ping", async (t) => {
  const { scheduler, alice, bob } = pair({ delayMs: 5 });
  // The first one has to ask for the MAC address, too.
  t.deepEqual(await play(scheduler, alice.ping("10.0.0.2")), [20]);
  t.deepEqual(await play(scheduler, alice.ping("10.0.0.2")), [10]);
  t.deepEqual(await play(scheduler, bob.ping("10.0.0.1")), [10]);
});

test("a ping to nobody comes back with nothing", async (t) => {
  const { scheduler, alice } = pair();
  t.deepEqual(await play(scheduler, alice.ping("10.0.0.77")), [null]);
  t.deepEqual(await play(scheduler, alice.ping("192.0.2.1")), [null]);
});

test("a client connects, asks, gets its answer, and both sides close", async (t) => {
  const { scheduler, alice, bob } = pair();
  const server = async () => {
    const socket = await bob.network.listen(80).accept();
    t.is(socket.remote.address, "10.0.0.1");
    const question = await readAll(socket);
    await socket.write(text(`you said ${string(question)}`));
    socket.end();
  };
  const client = async () => {
    const socket = await alice.network.connect({ address: "10.0.0.2", port: 80 });
    await socket.write(text("hel"));
    await socket.write(text("lo"));
    socket.end();
    t.is(string(await readAll(socket)), "you said hello");
  };
  await play(scheduler, server(), client());
  // TIME-WAIT ends a minute later; then nothing is left of the connection.
  await scheduler.run();
  t.is(alice.connectionCount + bob.connectionCount, 0);
});

test("a large transfer arrives whole, both ways at once", async (t) => {
  const { scheduler, alice, bob } = pair();
  const there = Random.from("there").bytes(1_000_000);
  const back = Random.from("back").bytes(700_000);
  const server = async () => {
    const socket = await bob.network.listen(80).accept();
    const sent = socket.write(back).then(() => socket.end());
    const got = await readAll(socket);
    await sent;
    return Buffer.compare(got, there);
  };
  const client = async () => {
    const socket = await alice.network.connect({ address: "10.0.0.2", port: 80 });
    const sent = socket.write(there).then(() => socket.end());
    const got = await readAll(socket);
    await sent;
    return Buffer.compare(got, back);
  };
  t.deepEqual(await play(scheduler, server(), client()), [0, 0]);
});

const fails = (code: string) => ({ instanceOf: SocketError, code });

test("a connection to a port without listener is refused", async (t) => {
  const { scheduler, alice, bob } = pair();
  const attempt = alice.network.connect({ address: "10.0.0.2", port: 81 });
  await t.throwsAsync(play(scheduler, attempt), fails("ECONNREFUSED"));
  t.is(bob.counts.tcpRefused, 1);
  t.is(alice.connectionCount, 0);
});

test("a connection to a host that is not there fails when ARP gives up", async (t) => {
  const { scheduler, alice } = pair();
  const attempt = alice.network.connect({ address: "10.0.0.99", port: 80 });
  await t.throwsAsync(play(scheduler, attempt), fails("EHOSTUNREACH"));
  t.is(scheduler.nowNumber, 3e9);
});

test("a connection to another network fails at once without a gateway", async (t) => {
  const { scheduler, alice } = pair();
  const attempt = alice.network.connect({ address: "192.0.2.1", port: 80 });
  await t.throwsAsync(play(scheduler, attempt), fails("ENETUNREACH"));
  t.is(scheduler.nowNumber, 0);
});

test("a connection to a silent host times out after the retries, or when the caller says", async (t) => {
  const { scheduler, alice, bob } = pair();
  await play(scheduler, alice.ping("10.0.0.2"));
  bob.halt();
  const startNs = scheduler.nowNumber;
  const patient = alice.network.connect({ address: "10.0.0.2", port: 80 });
  await t.throwsAsync(play(scheduler, patient), fails("ETIMEDOUT"));
  t.is((scheduler.nowNumber - startNs) / 1e9, 127);
  const againNs = scheduler.nowNumber;
  const hasty = alice.network.connect({ address: "10.0.0.2", port: 80 }, 1500);
  await t.throwsAsync(play(scheduler, hasty), fails("ETIMEDOUT"));
  t.is((scheduler.nowNumber - againNs) / 1e9, 1.5);
});

test("a host that loses its power in mid-transfer falls silent, and its peer times out", async (t) => {
  const frames: { timeNs: bigint; towards: string }[] = [];
  const { scheduler, alice, bob } = pair({ delayMs: 1 }, 1, {
    at: "b",
    frame: ({ timeNs }, towards) => frames.push({ timeNs, towards }),
  });
  let bobWentOn = false;
  const receive = async () => {
    const socket = await bob.network.listen(80).accept();
    await socket.read();
    await bob.timers.sleep(5);
    bob.halt();
    const offNs = scheduler.nowNs();
    void socket.read().finally(() => {
      bobWentOn = true;
    });
    return offNs;
  };
  const send = async () => {
    const socket = await alice.network.connect({ address: "10.0.0.2", port: 80 });
    for (;;) await socket.write(new Uint8Array(50_000));
  };
  const received = receive();
  await t.throwsAsync(play(scheduler, send()), fails("ETIMEDOUT"));
  const offNs = await received;
  t.is(frames.filter((frame) => frame.towards === "a" && frame.timeNs > offNs).length, 0);
  t.true(frames.filter((frame) => frame.towards === "b" && frame.timeNs > offNs).length > 10);
  t.false(bobWentOn);
  t.is(bob.connectionCount, 0);
  t.is(await scheduler.run(), "idle");
});

test("a cut link looks to both sides like a peer that does not answer", async (t) => {
  const { scheduler, alice, bob, link } = pair();
  const program = (open: Promise<import("../../src/base/net.ts").Socket>) =>
    open.then(async (socket) => {
      try {
        for (;;) await socket.write(new Uint8Array(50_000));
      } catch (error) {
        return error instanceof SocketError ? error.code : "other";
      }
    });
  scheduler.at(50e6, () => link.cut());
  const ends = await play(
    scheduler,
    program(bob.network.listen(80).accept()),
    program(alice.network.connect({ address: "10.0.0.2", port: 80 })),
  );
  t.deepEqual(ends, ["ETIMEDOUT", "ETIMEDOUT"]);
});

test("destroy breaks the connection for the peer, after what had arrived", async (t) => {
  const { scheduler, alice, bob } = pair();
  const server = async () => {
    const socket = await bob.network.listen(80).accept();
    await bob.timers.sleep(50);
    t.is(string((await socket.read()) ?? text("end")), "last words");
    const error = await t.throwsAsync(socket.read());
    t.is((error as SocketError).code, "ECONNRESET");
  };
  const client = async () => {
    const socket = await alice.network.connect({ address: "10.0.0.2", port: 80 });
    await socket.write(text("last words"));
    socket.destroy();
    await t.throwsAsync(socket.read(), fails("ECLOSED"));
    await t.throwsAsync(socket.write(text("x")), fails("ECLOSED"));
  };
  await play(scheduler, server(), client());
  t.is(alice.connectionCount + bob.connectionCount, 0);
});

test("a reader that is slow stops the sender, and gets everything in the end", async (t) => {
  const { scheduler, alice, bob } = pair();
  const bytes = Random.from(1).bytes(400_000);
  const server = async () => {
    const socket = await bob.network.listen(80).accept();
    await bob.timers.sleep(30_000);
    let got = 0;
    for (;;) {
      const chunk = await socket.read();
      if (chunk === null) return got;
      t.true(chunk.length <= 65_535);
      got += chunk.length;
      await bob.timers.sleep(700);
    }
  };
  const client = async () => {
    const socket = await alice.network.connect({ address: "10.0.0.2", port: 80 });
    await socket.write(bytes.subarray(0, 200_000));
    t.true(scheduler.nowNumber > 30e9);
    await socket.write(bytes.subarray(200_000));
    socket.end();
    return 0;
  };
  t.deepEqual(await play(scheduler, server(), client()), [400_000, 0]);
});

test("datagrams go both ways, and one for an unused port is refused", async (t) => {
  const { scheduler, alice, bob } = pair();
  const server = async () => {
    const socket = bob.network.datagrams(53);
    const { from, bytes } = await socket.receive();
    socket.send(from, text(`${string(bytes)}!`));
    socket.close();
    await t.throwsAsync(socket.receive(), fails("ECLOSED"));
  };
  const client = async () => {
    const socket = alice.network.datagrams(0);
    socket.send({ address: "10.0.0.2", port: 53 }, text("name"));
    t.is(string((await socket.receive()).bytes), "name!");
    socket.send({ address: "10.0.0.2", port: 54 }, text("name"));
    await alice.timers.sleep(10);
  };
  await play(scheduler, server(), client());
  t.is(bob.counts.udpRefused, 1);
  t.is(alice.counts.icmpIgnored, 1);
});

test("a port is used by one listener at a time, and free again when it closes", async (t) => {
  const { scheduler, bob } = pair();
  const listener = bob.network.listen(80);
  t.throws(() => bob.network.listen(80), fails("EADDRINUSE"));
  const waiting = listener.accept();
  listener.close();
  await t.throwsAsync(play(scheduler, waiting), fails("ECLOSED"));
  t.is(bob.network.listen(80).port, 80);
  t.not(bob.network.listen(0).port, bob.network.listen(0).port);
  bob.network.datagrams(80);
  t.throws(() => bob.network.datagrams(80), fails("EADDRINUSE"));
});

test("a host talks to itself", async (t) => {
  const { scheduler, alice } = pair();
  const server = async () => readAll(await alice.network.listen(80).accept());
  const client = async () => {
    const socket = await alice.network.connect({ address: "10.0.0.1", port: 80 });
    await socket.write(text("me"));
    socket.end();
    return new Uint8Array();
  };
  const [got] = await play(scheduler, server(), client());
  t.is(string(got as Uint8Array), "me");
  t.is(alice.counts.sent, 0);
});
