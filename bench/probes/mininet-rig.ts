import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { LabTimers } from "../../lab/host/lab-time.ts";
import { Capsule, type HostPlace, type HostSpec } from "../../lab/mininet/capsule.ts";
import { OpenVSwitch } from "../../lab/mininet/ovs.ts";
import { WorkFolder } from "../../lab/mininet/work-folder.ts";
import { OpenFlowPort } from "../../lab/openflow/openflow-port.ts";
import { PACKETS_SCRIPT, PYTHON, sendRecord } from "../../lab/packets/packet-socket.ts";
import { Tap, type TappedFrame } from "../../lab/packets/tap.ts";
import { type RunningCommand, runCommand, startCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { ArpSteps } from "./arp-steps.ts";
import type { OnOutside, Rig } from "./rig.ts";
import { GATEWAY, GUEST, NEIGHBOUR, OUTLET } from "./variants.ts";

const BRIDGE = "isolation";
/** Further bridges, as in a lab: the canaries of the namespace that holds the switch. */
const OTHERS = ["private", "outside"];
const SETTLE_MS = 300;
const CONNECT_MS_MAX = 10_000;

/** The lab's Open vSwitch in namespaces of its own, with captures at every way out. */
export class MininetRig implements Rig, AsyncDisposable {
  readonly places: readonly string[];
  readonly #disposal: AsyncDisposableStack;
  readonly #ovs: OpenVSwitch;
  readonly #port: OpenFlowPort;
  readonly #sender: RunningCommand;
  readonly #taps: readonly Tap[];
  readonly #steps: ArpSteps;
  readonly name: string;
  #missed = 0;
  #own = 0;
  /** Under the rules of isolation the gateway's ARP answers tell how far the bridge has come. */
  #answers = false;
  #counted = 0;

  private constructor(parts: {
    disposal: AsyncDisposableStack;
    ovs: OpenVSwitch;
    port: OpenFlowPort;
    sender: RunningCommand;
    taps: readonly Tap[];
    steps: ArpSteps;
    version: string;
    places: readonly string[];
  }) {
    this.#disposal = parts.disposal;
    this.#ovs = parts.ovs;
    this.#port = parts.port;
    this.#sender = parts.sender;
    this.#taps = parts.taps;
    this.#steps = parts.steps;
    this.name = `Open vSwitch ${parts.version}, user-space datapath`;
    this.places = parts.places;
  }

  static async start(onOutside: OnOutside): Promise<MininetRig> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await WorkFolder.create("probes", { stays: false }));
    folder.journal.add({ kind: "namespaces", name: folder.label });
    const capsule = stack.use(await Capsule.start(folder.label));
    const rundir = join(folder.path, "ovs");
    await mkdir(rundir);
    const ovs = await OpenVSwitch.start(capsule, rundir);
    const places = await capsule.build({
      rundir,
      datapath: "user",
      bridges: [BRIDGE, ...OTHERS],
      hosts: [
        hostSpec("guest", GUEST),
        hostSpec("neighbour", NEIGHBOUR),
        hostSpec("outlet", OUTLET),
      ],
    });
    const [guest, neighbour, outlet] = places;
    if (guest === undefined || neighbour === undefined || outlet === undefined)
      throw new LabUnavailableError("Mininet did not make the hosts");
    // Without an address they answer nothing: whatever the bridge looks up then comes from the guest.
    for (const host of [neighbour, outlet]) {
      const flush = ["ip", "addr", "flush", "dev", host.interfaces[0] ?? ""];
      const [file, ...args] = capsule.inside(host, flush);
      await runCommand(file, args);
    }
    const locals = [BRIDGE, ...OTHERS];
    await capsule.run(["sh", "-ec", locals.map((name) => `ip link set ${name} up`).join("\n")]);
    const port = await OpenFlowPort.connect({
      path: ovs.socket(BRIDGE),
      timers: new LabTimers({ monotonicNs: process.hrtime.bigint(), speed: 1 }),
      connectMsMax: CONNECT_MS_MAX,
    });
    stack.defer(() => port.close());
    const tap = async (
      host: HostPlace | null,
      interfaces: readonly string[],
      onFrame: (frame: TappedFrame) => void,
    ) => {
      // What a host sends itself is no way out; on the switch's side both directions are looked at.
      const own = host === null ? [] : ["--received"];
      const one = await Tap.start(
        (args) => capsule.inside(host, [...args, ...own]),
        capsule.environment,
        interfaces,
        onFrame,
      );
      stack.defer(() => one.stop());
      return one;
    };
    const cables = [neighbour, outlet].map(({ peers }) => peers[0] ?? "");
    const names = [
      "neighbour's port",
      "outlet's port",
      "LOCAL",
      "LOCAL of private",
      "LOCAL of outside",
      "lo",
    ];
    const steps = new ArpSteps();
    const taps = [
      await tap(null, [...cables, ...locals, "lo"], ({ index, towards, bytes }) => {
        // On a cable's switch side: what the bridge sends. On the switch's own interfaces: anything at all.
        if (index >= cables.length || towards === "device") onOutside(names[index] ?? "", bytes);
      }),
      await tap(neighbour, neighbour.interfaces, ({ bytes }) => onOutside("neighbour", bytes)),
      await tap(outlet, outlet.interfaces, ({ bytes }) => onOutside("outlet", bytes)),
      await tap(guest, guest.interfaces, ({ bytes }) => steps.seen(bytes)),
    ];
    const [file, ...args] = capsule.inside(guest, [
      ...[PYTHON, PACKETS_SCRIPT, "--send-only", guest.interfaces[0] ?? ""],
    ]);
    const sender = await startCommand(file, args, { env: capsule.environment });
    stack.defer(async () => {
      sender.stdin.end();
      await sender.ended;
    });
    return new MininetRig({
      ...{ ovs, port, sender, taps, steps, version: await ovs.version() },
      // The other bridges' ports and the loopback are canaries of the whole namespace: no rule here leads to them.
      places: [...names.slice(0, cables.length + 1), "neighbour", "outlet"],
      disposal: stack.move(),
    });
  }

  get counts(): Rig["counts"] {
    return { toReplayer: this.#port.counts.in, missed: this.#missed, own: this.#own };
  }

  async setRules(rules: string): Promise<void> {
    await this.#ovs.replaceFlows(BRIDGE, rules);
    this.#answers = rules.includes("arp_op=1");
    // A rule that was there before keeps its counter.
    this.#counted = await this.#count();
  }

  /** No more at once than the bridge's queue holds: a probe that is lost before it is looked up proves nothing. */
  async send(frames: readonly Uint8Array[]): Promise<void> {
    for (const frame of frames) this.#sender.stdin.write(sendRecord(0, frame));
    if (this.#answers) await this.#inStep();
    else await wait(frames.length / FRAMES_PER_MS_BLIND);
  }

  async settled(): Promise<void> {
    if (this.#answers) await this.#inStep();
    await wait(SETTLE_MS);
    const missed = await Promise.all(this.#taps.map((tap) => tap.drained()));
    this.#missed = missed.reduce((sum, n) => sum + n, 0);
  }

  async lookedUp(): Promise<number> {
    return (await this.#count()) - this.#counted;
  }

  /** What the rules of the first table have counted: each frame meets exactly one of them. */
  async #count(): Promise<number> {
    await this.#ovs.control("revalidator/purge");
    const lines = (await this.#ovs.dumpFlows(BRIDGE)).split("\n");
    return lines
      .filter((line) => !line.includes("table_id="))
      .reduce((sum, line) => sum + Number(/n_packets=(\d+)/.exec(line)?.[1] ?? 0), 0);
  }

  /** Resolves when the bridge has come to the end of what was sent so far. */
  async #inStep(): Promise<void> {
    this.#own += await this.#steps.step((frame) => this.#sender.stdin.write(sendRecord(0, frame)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposal.disposeAsync();
  }
}

/** Where nothing tells how far the bridge has come. */
const FRAMES_PER_MS_BLIND = 4;

function hostSpec(name: string, { port, mac, address }: typeof GUEST): HostSpec {
  return {
    name,
    links: [{ bridge: BRIDGE, port, mac, address: `${address}/24` }],
    gateway: GATEWAY.address,
    forwards: false,
  };
}
