import test from "ava";
import { HttpClient } from "../host/http-client.ts";
import { MemoryWorld } from "./memory-network.ts";
import { type Program, runProgram } from "./program.ts";
import type { ScriptedExchange, SiteKind } from "./spec.ts";

const SERVER = { address: "203.0.113.20", port: 80 };
const pageBytes = { mean: 9000, sd: 3000, min: 400, max: 30_000 };

const browser = (site: SiteKind): Program => ({
  kind: "browser",
  site,
  server: SERVER,
  host: "site.example",
  sessions: 3,
  sessionGapS: 120,
  requests: { mean: 4, sd: 1.5, min: 1, max: 40 },
  thinkTimeS: { mean: 6, sd: 4, min: 0.5, max: 40 },
});

async function visitSite(site: SiteKind) {
  const world = new MemoryWorld();
  void runProgram(
    { kind: "web-site", site, port: 80, pageBytes },
    world.host("site", SERVER.address),
  );
  await world.run(runProgram(browser(site), world.host("user", "10.10.0.7")));
  return world;
}

for (const site of ["static-site", "php-site", "api-poller", "download"] as const) {
  test(`a ${site} answers every request of its visitors`, async (t) => {
    const { events } = await visitSite(site);
    t.is(events.filter((e) => e.kind === "browser.session").length, 3);
    t.deepEqual(
      events.filter((e) => e.kind === "browser.failed"),
      [],
    );
    const requests = events.filter((e) => e.kind === "site.request");
    t.true(requests.length >= 3);
    t.true(requests.every((e) => e.status === 200));
    const php = requests.filter((e) => /\.php(\?|$)/.test(String(e.uri)));
    t.is(php.length > 0, site === "php-site" || site === "api-poller");
  });
}

test("a page of a site has the same length each time", async (t) => {
  const world = new MemoryWorld();
  void runProgram(
    { kind: "web-site", site: "php-site", port: 80, pageBytes },
    world.host("site", SERVER.address),
  );
  const client = new HttpClient(world.host("user", "10.10.0.7"), SERVER, { keepAlive: true });
  const length = async (uri: string) =>
    (await client.request({ method: "GET", uri, host: "" })).response?.body.length;
  await world.run(
    (async () => {
      t.is(await length("/index.php?page=1"), await length("/index.php?page=1"));
      t.not(await length("/index.php?page=1"), await length("/index.php?page=2"));
    })(),
  );
});

const beacon: Program = {
  kind: "beacon",
  tcp: { address: "203.0.113.250", port: 7001 },
  udp: { address: "203.0.113.250", port: 7002 },
  intervalMs: 500,
};
const canary: Program = { kind: "canary", tcpPort: 7001, udpPort: 7002 };

test("what a beacon sends arrives at the canary, over TCP and UDP, until its host is off", async (t) => {
  const world = new MemoryWorld();
  const vm = world.host("vm-1", "10.10.0.5");
  void runProgram(canary, world.host("canary", "203.0.113.250"));
  void runProgram(beacon, vm);
  await world.run(null, 10_000);
  const arrivals = world.events.filter((e) => e.kind === "canary.arrival");
  t.is(arrivals.filter((e) => e.how === "tcp-connection").length, 1);
  t.true(arrivals.filter((e) => e.how === "tcp").length >= 19);
  t.true(arrivals.filter((e) => e.how === "udp").length >= 19);
  t.true(arrivals.every((e) => e.from === "10.10.0.5"));
});

test("a beacon without a canary tries again for ever, but not faster and faster", async (t) => {
  const world = new MemoryWorld();
  void runProgram(beacon, world.host("vm-1", "10.10.0.5"));
  await world.run(null, 60_000);
  const downs = world.events.filter((e) => e.kind === "beacon.down").map((e) => e.timeMs);
  t.true(downs.length >= 12 && downs.length <= 20, String(downs.length));
  t.true((downs.at(-1) ?? 0) > 54_000);
});

test("a beacon reconnects once the canary is there", async (t) => {
  const world = new MemoryWorld();
  void runProgram(beacon, world.host("vm-1", "10.10.0.5"));
  world.after(20_000, () => void runProgram(canary, world.host("canary", "203.0.113.250")));
  await world.run(null, 60_000);
  t.true(world.events.some((e) => e.kind === "canary.arrival" && e.how === "tcp"));
});

const exchange = (part: Partial<ScriptedExchange>): ScriptedExchange => ({
  connection: 0,
  gapMs: 1000,
  method: "GET",
  uri: "/",
  host: "site.example",
  requestBytes: 0,
  status: 200,
  responseBytes: 100,
  contentType: "text/html",
  ...part,
});

const conversation: ScriptedExchange[] = [
  exchange({ gapMs: 0, uri: "/config.bin", responseBytes: 5000, contentType: "application/x" }),
  exchange({ uri: "/gate.php", method: "POST", requestBytes: 300, responseBytes: 128 }),
  exchange({ uri: "/gate.php", method: "POST", requestBytes: 300, responseBytes: 1024 }),
  exchange({ connection: 1, gapMs: 5000, uri: "/gate.php?x=1", responseBytes: 0 }),
  exchange({ connection: 1, uri: "/file", method: "HEAD", responseBytes: 0 }),
  exchange({ connection: 2, uri: "/none", status: null, responseBytes: 0 }),
  exchange({ connection: 3, uri: "/gone", status: 404, responseBytes: 20 }),
  exchange({ connection: 3, uri: "/same", status: 304, responseBytes: 0, contentType: "" }),
];

async function reenact(exchanges: readonly ScriptedExchange[]) {
  const world = new MemoryWorld();
  const server: Program = { kind: "scripted-server", port: 80, exchanges };
  void runProgram(server, world.host("server", SERVER.address));
  const connections = [SERVER, SERVER, SERVER, SERVER];
  const client: Program = { kind: "scripted-client", connections, exchanges };
  mustBeJson(client);
  await world.run(runProgram(client, world.host("vm-1", "10.10.0.5")));
  return world.events;
}

/** A program must survive its way through JSON. */
function mustBeJson(program: Program): void {
  if (JSON.stringify(JSON.parse(JSON.stringify(program))) !== JSON.stringify(program)) {
    throw new RangeError("not plain JSON");
  }
}

test("a recorded conversation happens again: same requests, order, gaps, statuses and lengths", async (t) => {
  const events = await reenact(conversation);
  const requests = events.filter((e) => e.kind === "scripted.request");
  t.deepEqual(
    requests.map((e) => [e.method, e.uri, e.status, e.bytes]),
    conversation.map((e) => [e.method, e.uri, e.status, e.responseBytes]),
  );
  t.deepEqual(
    events.filter((e) => e.kind !== "scripted.request"),
    [],
  );
  // Eight requests with 11 s of gaps in all; answers take milliseconds.
  const lastMs = requests.at(-1)?.timeMs ?? 0;
  t.true(lastMs >= 11_000 && lastMs < 11_100, String(lastMs));
});

test("each recorded connection is closed after its last exchange", async (t) => {
  const world = new MemoryWorld();
  const exchanges = [
    exchange({ connection: 0 }),
    exchange({ connection: 1 }),
    exchange({ connection: 0 }),
  ];
  // A server that never closes by itself: the client has to.
  const closed: number[] = [];
  const server = world.host("server", SERVER.address);
  const listener = server.listen(80);
  const answer = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const serve = async (index: number) => {
    const socket = await listener.accept();
    void serve(index + 1);
    while ((await socket.read()) !== null) await socket.write(answer);
    closed.push(index);
  };
  void serve(0);
  const client: Program = { kind: "scripted-client", connections: [SERVER, SERVER], exchanges };
  await world.run(runProgram(client, world.host("vm-1", "10.10.0.5")));
  await world.run(null);
  t.deepEqual(closed, [1, 0]);
});

test("given bytes are sent as they are", async (t) => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const events = await reenact([
    exchange({
      uri: "/a",
      rawRequest: base64("GET /a HTTP/1.0\r\nHost: site.example\r\nX-Odd:  1\r\n\r\n"),
      rawResponse: base64("HTTP/1.0 200 Fine\r\nServer: old\r\n\r\nuntil the end"),
    }),
  ]);
  t.deepEqual(
    events.map((e) => [e.status, e.bytes, e.outcome]),
    [[200, 13, "answered"]],
  );
});

test("a request that was never recorded gets 404, and is reported", async (t) => {
  const world = new MemoryWorld();
  const server: Program = { kind: "scripted-server", port: 80, exchanges: conversation };
  void runProgram(server, world.host("server", SERVER.address));
  const client: Program = {
    kind: "scripted-client",
    connections: [SERVER],
    exchanges: [exchange({ uri: "/other" })],
  };
  await world.run(runProgram(client, world.host("vm-1", "10.10.0.5")));
  t.deepEqual(
    world.events.map((e) => e.kind),
    ["scripted.unmatched", "scripted.request"],
  );
});

test("a scripted client goes on where a server is missing", async (t) => {
  const world = new MemoryWorld();
  const client: Program = {
    kind: "scripted-client",
    connections: [SERVER],
    exchanges: [exchange({}), exchange({})],
  };
  await world.run(runProgram(client, world.host("vm-1", "10.10.0.5")));
  t.deepEqual(
    world.events.map((e) => e.outcome),
    ["ECONNREFUSED", "ECONNREFUSED"],
  );
});

test("a request that is no HTTP gets 400, and the server goes on", async (t) => {
  const world = new MemoryWorld();
  void runProgram(
    { kind: "web-site", site: "php-site", port: 80, pageBytes },
    world.host("site", SERVER.address),
  );
  const user = world.host("user", "10.10.0.7");
  await world.run(
    (async () => {
      const socket = await user.connect(SERVER);
      await socket.write(new TextEncoder().encode("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"));
      const first = await socket.read();
      t.regex(new TextDecoder().decode(first ?? undefined), /^HTTP\/1\.1 400 /);
      t.is(await socket.read(), null);
      const client = new HttpClient(user, SERVER, { keepAlive: false });
      const { response } = await client.request({ method: "GET", uri: "/index.php", host: "" });
      t.is(response?.status, 200);
    })(),
  );
  t.true(world.events.some((e) => e.kind === "http.fault"));
});
