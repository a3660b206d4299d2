import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../../src/base/sha256.ts";
import { fillTemplate } from "./local-conf.ts";
import type { DevstackSettings } from "./settings.ts";
import type { Stage, StageWork } from "./stage.ts";
import type { Vagrant } from "./vagrant.ts";

export const MACHINE = "devstack";
const HERE = fileURLToPath(new URL(".", import.meta.url));
const MINUTE_MS = 60_000;

export interface StagesOptions {
  readonly vagrant: Vagrant;
  readonly settings: DevstackSettings;
  readonly provider: string;
  readonly password: string;
  /** Disk images to bring along, as files. */
  readonly images: readonly string[];
}

/**
 * The way up: box, boot, packages, stack, networks, images, guests. The times are for a machine with KVM and a plain
 * connection; without KVM there is no DevStack in a working day.
 */
export async function devstackStages(options: StagesOptions): Promise<Stage[]> {
  const { vagrant, settings, provider, password, images } = options;
  const { box, boxVersion, branch, address, windowsGuests } = settings;
  const template = await readFile(join(HERE, "local.conf"), "utf8");
  const localConf = fillTemplate(template, { PASSWORD: password, ADDRESS: address });
  const script = async (name: string) => sha256(await readFile(join(HERE, "guest", `${name}.sh`)));
  const provision = (name: string) => async (work: StageWork) => {
    await vagrant.run(["provision", MACHINE, "--provision-with", name], work);
  };
  const windows = Array.from({ length: windowsGuests }, (_, i) => `win7-${i + 1}`);
  return [
    {
      name: "box",
      title: `the box ${box}`,
      deadlineMs: 45 * MINUTE_MS,
      inputs: `${provider} ${box} ${boxVersion}`,
      snapshot: false,
      run: (work) => addBox(vagrant, box, boxVersion, provider, work),
    },
    {
      name: "boot",
      title: "the machine",
      deadlineMs: 15 * MINUTE_MS,
      inputs: "",
      snapshot: true,
      run: async (work) => {
        await vagrant.run(["up", MACHINE, "--no-provision", "--provider", provider], work);
      },
    },
    {
      name: "packages",
      title: `packages, and DevStack of ${branch}`,
      deadlineMs: 30 * MINUTE_MS,
      inputs: `${branch} ${await script("packages")}`,
      snapshot: true,
      run: provision("packages"),
    },
    {
      name: "stack",
      title: "stack.sh",
      deadlineMs: 120 * MINUTE_MS,
      inputs: `${sha256(localConf)} ${await script("stack")}`,
      snapshot: true,
      run: async (work) => {
        await uploadText(vagrant, localConf, "/tmp/local.conf", work);
        await provision("stack")(work);
      },
    },
    {
      name: "networks",
      title: "the network isolation",
      deadlineMs: 10 * MINUTE_MS,
      inputs: await script("networks"),
      snapshot: false,
      run: provision("networks"),
    },
    {
      name: "images",
      title: "disk images",
      deadlineMs: 30 * MINUTE_MS,
      inputs: `${images.join(" ")} ${await script("images")}`,
      snapshot: true,
      ...(images.length === 0 ? { skipped: "no image is named" } : {}),
      run: async (work) => {
        await vagrant.run(["ssh", MACHINE, "-c", "mkdir -p /tmp/images"], work);
        for (const image of images)
          await vagrant.run(["upload", image, `/tmp/images/`, MACHINE], work);
        await provision("images")(work);
      },
    },
    {
      name: "guests",
      title: windows.length === 0 ? "Windows guests" : windows.join(", "),
      deadlineMs: 60 * MINUTE_MS,
      inputs: windows.join(" "),
      snapshot: false,
      ...(windows.length === 0 ? { skipped: "ISOREPLAY_WIN7_BOX is not set" } : {}),
      run: async (work) => {
        await vagrant.run(["up", ...windows, "--provider", provider], work);
      },
    },
  ];
}

/** Only where it is not there: `box add` of the same version fails. */
async function addBox(
  vagrant: Vagrant,
  box: string,
  version: string,
  provider: string,
  work: StageWork,
): Promise<void> {
  const events = await vagrant.run(["box", "list"], work);
  const [names, providers, versions] = ["box-name", "box-provider", "box-version"].map((type) =>
    events.filter((event) => event.type === type).map(({ data }) => data[0]),
  );
  const isThere = names?.some(
    (name, i) =>
      name === box && providers?.[i] === provider && (version === "" || versions?.[i] === version),
  );
  if (isThere === true) return;
  const pin = version === "" ? [] : ["--box-version", version];
  await vagrant.run(["box", "add", box, ...pin, "--provider", provider], work);
}

async function uploadText(
  vagrant: Vagrant,
  text: string,
  to: string,
  work: StageWork,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-"));
  try {
    const file = join(folder, "local.conf");
    await writeFile(file, text, { mode: 0o600 });
    await vagrant.run(["upload", file, to, MACHINE], work);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
