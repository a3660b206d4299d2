import test from "ava";
import { SocketError } from "../../src/base/net.ts";
import { LabTimers } from "./lab-time.ts";
import { RealNetwork } from "./network.ts";

const timers = new LabTimers({ monotonicNs: 0n, speed: 1 });
const network = new RealNetwork("127.0.0.1", timers);
const bytes = (text: string) => new TextEncoder().encode(text);

test("a connection carries bytes both ways and ends in order", async (t) => {
  const listener = network.listen(41_000);
  const to = { address: "127.0.0.1", port: 41_000 };
  const accepted = listener.accept();
  const client = await network.connect(to, 1000);
  const server = await accepted;
  t.is(server.remote.address, "127.0.0.1");
  await client.write(bytes("ask"));
  t.deepEqual(Buffer.from((await server.read()) ?? []).toString(), "ask");
  await server.write(bytes("answer"));
  server.end();
  t.deepEqual(Buffer.from((await client.read()) ?? []).toString(), "answer");
  t.is(await client.read(), null);
  client.end();
  t.is(await server.read(), null);
  listener.close();
});

test("a closed port is refused, and the error has the socket's name for it", async (t) => {
  const error = await t.throwsAsync(network.connect({ address: "127.0.0.1", port: 1 }, 1000), {
    instanceOf: SocketError,
  });
  t.is(error?.code, "ECONNREFUSED");
});

test("a closed listener accepts nobody any more", async (t) => {
  const listener = network.listen(41_100);
  const accepted = listener.accept();
  listener.close();
  const error = await t.throwsAsync(accepted, { instanceOf: SocketError });
  t.is(error?.code, "ECLOSED");
});

test("a peer that gives up is a reset", async (t) => {
  const listener = network.listen(41_200);
  const accepted = listener.accept();
  const client = await network.connect({ address: "127.0.0.1", port: 41_200 }, 1000);
  const server = await accepted;
  client.destroy();
  const error = await t.throwsAsync(server.read(), { instanceOf: SocketError });
  t.is(error?.code, "ECONNRESET");
  listener.close();
});

test("datagrams arrive with where they came from", async (t) => {
  const server = network.datagrams(41_300);
  const client = network.datagrams(0);
  client.send({ address: "127.0.0.1", port: 41_300 }, bytes("hello"));
  const datagram = await server.receive();
  t.is(Buffer.from(datagram.bytes).toString(), "hello");
  t.is(datagram.from.address, "127.0.0.1");
  server.close();
  client.close();
  const error = await t.throwsAsync(server.receive(), { instanceOf: SocketError });
  t.is(error?.code, "ECLOSED");
});
