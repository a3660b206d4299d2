import test from "ava";
import { CloudError } from "./cloud-error.ts";
import { FakeCloud } from "./fake-cloud.fixture.ts";
import { attachVolume, moveDataVolume, releaseVolume } from "./move.ts";
import { serverIs } from "./states.ts";
import { waitFor } from "./wait.ts";

const volume = (status: string, ...servers: string[]) => ({
  id: "v1",
  name: "root",
  status,
  attachments: servers.map((server_id) => ({ server_id })),
});
const server = (status: string) => ({ id: "s1", name: "vm", status });
const nothing = () => {};

test("a root volume is taken from a server that is stopped and deleted", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await cloud.connect();
  cloud.put("servers", server("SHUTOFF"));
  cloud.put("volumes", volume("available"));
  const steps: string[] = [];
  await releaseVolume(api, { server: "s1", volume: "v1", onStep: (step) => steps.push(step) });
  t.deepEqual(steps, ["stop the instance", "delete the instance, which leaves its volume"]);
  t.deepEqual(cloud.requests.filter((request) => !request.startsWith("GET")).slice(1), [
    "POST /c/servers/s1/action",
    "DELETE /c/servers/s1",
  ]);
});

test("a volume that stays detaching and that nobody has is set free", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await cloud.connect();
  cloud.put("servers", server("SHUTOFF"));
  cloud.put("volumes", volume("available"));
  const stuck = { status: 200, body: { volume: volume("detaching") } };
  cloud.answer("GET /volumes/v1", stuck, stuck, stuck);
  await releaseVolume(api, { server: "s1", volume: "v1", detachMsMax: 100, onStep: nothing });
  t.true(cloud.requests.includes("POST /v/volumes/v1/action"));
});

test("a volume that stays detaching and that a server has is reported, and left alone", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await cloud.connect();
  cloud.put("servers", server("SHUTOFF"));
  cloud.put("volumes", volume("detaching", "s1"));
  const release = releaseVolume(api, {
    server: "s1",
    volume: "v1",
    detachMsMax: 100,
    onStep: nothing,
  });
  const error = await t.throwsAsync(release, { instanceOf: CloudError });
  t.is(error?.message, "it is detaching, and s1 has it still");
  t.false(cloud.requests.includes("POST /v/volumes/v1/action"));
});

test("a volume that a server has is never attached to a second one", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await cloud.connect();
  cloud.put("volumes", volume("in-use", "s1"));
  const error = await t.throwsAsync(attachVolume(api, "v1", "s2"), { instanceOf: CloudError });
  t.is(error?.fault, "conflict");
  t.is(error?.message, "it is in-use, attached to s1, and is not attached a second time");
  t.is(cloud.requests.filter((request) => request.startsWith("POST /c")).length, 0);
});

test("a data volume goes from one server to another", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await cloud.connect();
  cloud.put("volumes", volume("in-use", "s2"));
  const free = { status: 200, body: { volume: volume("available") } };
  cloud.answer("GET /volumes/v1", free, free);
  const { attachments } = await moveDataVolume(api, "v1", "s1", "s2");
  t.deepEqual(attachments, [{ server_id: "s2" }]);
  t.deepEqual(cloud.requests.filter((request) => !request.startsWith("GET")).slice(1), [
    "DELETE /c/servers/s1/os-volume_attachments/v1",
    "POST /c/servers/s2/os-volume_attachments",
  ]);
});

test("a server that ends in ERROR is told with nova's fault", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await cloud.connect();
  cloud.put("servers", { ...server("ERROR"), fault: { message: "No valid host was found" } });
  const error = await t.throwsAsync(waitFor(serverIs(api, "s1", "ACTIVE")), {
    instanceOf: CloudError,
    message: "No valid host was found",
  });
  t.is(error?.where, "server vm");
});

test("what does not come in time is told with how far it was", async (t) => {
  await using cloud = await FakeCloud.start();
  const api = await cloud.connect();
  cloud.put("servers", { ...server("BUILD"), "OS-EXT-STS:task_state": "spawning" });
  const wait = waitFor({ ...serverIs(api, "s1", "ACTIVE"), deadlineMs: 50 });
  await t.throwsAsync(wait, {
    message: "waited 0.05 s for server s1 to be ACTIVE; it is BUILD (spawning) still",
  });
});
