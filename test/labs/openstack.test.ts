import test from "ava";
import { type OpenStackLab, standUp } from "../../lab/openstack/stand-up.ts";
import { readFromDisk } from "../../lab/stand-in/disk.ts";
import { standInImage } from "../../lab/stand-in/image.ts";
import { Cloud, hasOpenStack, leftOf, namespacesOf, surroundings } from "./openstack.fixture.ts";

const DEADLINE_MS = 15 * 60_000;
const GIBI = 2 ** 30;

const NETWORKS = [
  "network create private",
  "subnet create --network private --subnet-range 10.10.0.0/24 private",
  "network create isolation",
  "subnet create --network isolation --subnet-range 10.20.0.0/24 --gateway none isolation",
  "flavor create --ram 128 --vcpus 1 --disk 0 tiny",
];

test.serial("a volume is booted on private, then on isolation, on a real OpenStack", async (t) => {
  t.timeout(DEADLINE_MS);
  if (!hasOpenStack(t)) return;
  const before = await surroundings();
  const image = await standInImage();
  const start = performance.now();
  const since = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const lab = await standUp({
    stays: false,
    progress: {
      begins: () => {},
      ends: (stage, ms, bytes) =>
        t.log(`${stage}: ${(ms / 1000).toFixed(1)} s, ${(bytes / GIBI).toFixed(2)} GiB`),
    },
  });
  const { label, folder } = lab;
  const namespaces = namespacesOf(lab.namespaces.keeper.pid);
  t.log(`up after ${since()}, at most ${(lab.peakBytes / GIBI).toFixed(2)} GiB`);
  try {
    await moved(lab, image, (what) => t.log(`${what} after ${since()}`));
    t.true(lab.peakBytes < 6 * GIBI);
  } finally {
    await lab[Symbol.asyncDispose]();
  }
  t.log(`gone after ${since()}`);
  t.deepEqual(leftOf(label, folder, namespaces), []);
  t.deepEqual(await surroundings(), before);

  async function moved(up: OpenStackLab, file: string, tell: (what: string) => void) {
    const cloud = new Cloud(up);
    await cloud.run(
      ...NETWORKS,
      `image create --disk-format raw --container-format bare --file ${file} stand-in`,
      "volume create --image stand-in --size 1 --bootable root-a",
    );
    await cloud.becomes("volume", "root-a", "status", "available");
    tell("the volume is there");
    const boot = "server create --wait --flavor tiny --volume root-a";
    await cloud.run(`${boot} --network private vm-a`);
    const first = await cloud.value("server", "vm-a", "id");
    t.regex(
      await cloud.says(first, `${first} up`),
      /eth0 fa:16:3e:\S+ 10\.10\.0\.\d+\/24 default via 10\.10\.0\.1/,
    );
    tell("up on private");

    await cloud.run("server delete --wait vm-a", `${boot} --network isolation vm-iso`);
    const second = await cloud.value("server", "vm-iso", "id");
    t.regex(
      await cloud.says(second, `${second} up`),
      /eth0 fa:16:3e:\S+ 10\.20\.0\.\d+\/24 no default route/,
    );
    tell("up on isolation");

    // The disk went from one to the other, and kept what the first had written.
    const volume = await cloud.value("volume", "root-a", "id");
    const log = await readFromDisk(cloud.path("share", `volume-${volume}`), "/boot.log");
    t.deepEqual(
      [...log.matchAll(/(\S+) boot$/gm)].map(([, id]) => id),
      [first, second],
    );
  }
});
