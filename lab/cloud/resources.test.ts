import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { CloudError } from "./cloud-error.ts";
import { FakeCloud, notes } from "./fake-cloud.fixture.ts";
import { migrateVolume } from "./move.ts";
import { removeResources } from "./remove.ts";
import { Resources } from "./resources.ts";

const COLLECTIONS = [
  "servers",
  "volumes",
  "images",
  "ports",
  "subnets",
  "networks",
  "security-groups",
  "flavors",
];

async function makeAll(cloud: FakeCloud, label: string) {
  const journal = notes();
  const resources = new Resources(await cloud.connect(), label, journal);
  const file = join(await mkdtemp(join(tmpdir(), "isoreplay-image-")), "disk.img");
  await writeFile(file, "disk");
  const network = await resources.network("private");
  await resources.subnet("private", network.id, "10.10.0.0/24");
  const group = await resources.securityGroup("isolation", false);
  const [port = ""] = await resources.ports([
    {
      name: "vm",
      network: network.id,
      mac: "02:00:00:00:00:01",
      address: "10.10.0.2",
      securityGroup: group,
      host: null,
    },
  ]);
  const flavor = await resources.flavor("guest", 256);
  const volume = await resources.volume("vm", await resources.image("guest", file));
  await resources.server({ name: "vm", flavor, volume, port, userData: "x" });
  return { journal, resources, volume };
}

test("everything that is made bears the run's label, and is in the journal before it is there", async (t) => {
  await using cloud = await FakeCloud.start();
  const { journal } = await makeAll(cloud, "abcd1234");
  for (const collection of COLLECTIONS)
    for (const { name } of cloud.all(collection)) {
      t.regex(name, /^isoreplay-abcd1234-/);
      t.true(journal.entries.some((entry) => entry.name === name));
    }
  t.is(journal.entries.length, 8);
});

test("what cannot be made is in the journal nevertheless", async (t) => {
  await using cloud = await FakeCloud.start();
  const journal = notes();
  const resources = new Resources(await cloud.connect(), "abcd1234", journal);
  cloud.answer("POST /networks", { status: 500 });
  await t.throwsAsync(resources.network("private"), { instanceOf: CloudError });
  t.deepEqual(journal.entries, [{ kind: "network", name: "isoreplay-abcd1234-private" }]);
});

test("a run's things are deleted, and nobody else's", async (t) => {
  await using cloud = await FakeCloud.start();
  const { journal, resources } = await makeAll(cloud, "abcd1234");
  await makeAll(cloud, "ffff0000");
  t.is(await removeResources(resources.api, journal.entries), 8);
  for (const collection of COLLECTIONS)
    t.deepEqual(
      cloud.all(collection).map(({ name }) => name.split("-")[1]),
      ["ffff0000"],
      collection,
    );
  t.is(await removeResources(resources.api, journal.entries), 0);
});

test("what cannot be deleted is named, and keeps nothing else", async (t) => {
  await using cloud = await FakeCloud.start();
  const { journal, resources } = await makeAll(cloud, "abcd1234");
  const [network] = cloud.all("networks");
  cloud.answer(`DELETE /networks/${network?.id}`, {
    status: 409,
    body: { NeutronError: { message: "it is in use" } },
  });
  await t.throwsAsync(removeResources(resources.api, journal.entries), {
    instanceOf: CloudError,
    message: "this is left: network isoreplay-abcd1234-private: it is in use",
  });
  t.deepEqual(
    COLLECTIONS.filter((collection) => cloud.all(collection).length > 0),
    ["networks"],
  );
});

test("a volume that a lost server left reserved is set free before it is deleted", async (t) => {
  await using cloud = await FakeCloud.start();
  const { journal, resources, volume } = await makeAll(cloud, "abcd1234");
  const [thing] = cloud.all("volumes");
  if (thing !== undefined) thing.status = "reserved";
  await removeResources(resources.api, journal.entries);
  const requests = cloud.requests.filter((request) => request.includes(volume));
  t.deepEqual(requests.slice(-4), [
    `GET /v/volumes/${volume}`,
    `POST /v/volumes/${volume}/action`,
    `DELETE /v/volumes/${volume}`,
    `GET /v/volumes/${volume}`,
  ]);
});

test("a migration leaves the first volume as it is", async (t) => {
  await using cloud = await FakeCloud.start();
  const { resources, volume } = await makeAll(cloud, "abcd1234");
  const [image] = cloud.all("images");
  cloud.answer(`POST /volumes/${volume}/action`, {
    status: 202,
    body: { "os-volume_upload_image": { image_id: image?.id } },
  });
  const steps: string[] = [];
  const copy = await migrateVolume(resources, volume, "iso", (step) => steps.push(step));
  t.not(copy, volume);
  t.deepEqual(steps, ["take a snapshot of its volume", "make a volume from the snapshot"]);
  t.is(cloud.all("volumes").length, 2);
});
