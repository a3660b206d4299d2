import type { Timers } from "../../src/base/clock.ts";
import { ownEnvironment, runCommand } from "../../src/base/command.ts";
import type { PacketPort } from "../../src/base/packet-port.ts";
import { Tap } from "../packets/tap.ts";
import type { JournalFile } from "../state/journal.ts";
import type { HostSwitch } from "./host-switch.ts";
import { INTEGRATION_BRIDGE } from "./integration-bridge.ts";

/** What has come from the switch so far, and who gets what comes. */
interface Seen {
  count: number;
  handler: (frame: Uint8Array) => void;
}

/**
 * The replayer's own port of the integration bridge: a cable whose other end only we read and write. It has no address, and
 * Neutron knows nothing of it.
 */
export class AnalysisPort implements PacketPort {
  readonly timers: Timers;
  readonly ofport: number;
  readonly #tap: Tap;
  readonly #seen: Seen;
  #sent = 0;

  private constructor(timers: Timers, ofport: number, tap: Tap, seen: Seen) {
    this.timers = timers;
    this.ofport = ofport;
    this.#tap = tap;
    this.#seen = seen;
  }

  static async plugIn(
    hostSwitch: HostSwitch,
    label: string,
    journal: JournalFile,
    timers: Timers,
  ): Promise<AnalysisPort> {
    const [plugged, ours] = [`ir${label}-r`, `ir${label}-a`];
    journal.add({ kind: "cable", name: plugged });
    await runCommand("sh", [
      "-ec",
      [`ip link add ${plugged} type veth peer name ${ours}`, quiet(plugged), quiet(ours)].join(
        "\n",
      ),
    ]);
    await hostSwitch.vsctl("add-port", INTEGRATION_BRIDGE, plugged);
    const ofport = Number(await hostSwitch.vsctl("get", "Interface", plugged, "ofport"));
    const seen: Seen = { count: 0, handler: () => {} };
    const tap = await Tap.start(here, ownEnvironment(), [ours], ({ towards, bytes }) => {
      // What the switch sends comes in here.
      if (towards !== "bridge") return;
      seen.count++;
      seen.handler(bytes);
    });
    return new AnalysisPort(timers, ofport, tap, seen);
  }

  /** Frames that came from the switch, and that were sent to it. */
  get counts(): { readonly in: number; readonly out: number } {
    return { in: this.#seen.count, out: this.#sent };
  }

  send(frame: Uint8Array): void {
    this.#sent++;
    this.#tap.send(0, frame);
  }

  onFrame(handler: (frame: Uint8Array) => void): void {
    this.#seen.handler = handler;
  }

  stop(): Promise<void> {
    return this.#tap.stop();
  }
}

/** A command line that runs where we are: in the switch's network. */
export function here(args: readonly string[]): [string, ...string[]] {
  return ["setpriv", "--pdeathsig", "KILL", ...args];
}

/** Lines of a shell: an interface is up, says nothing by itself, and leaves nothing to hardware. */
export function quiet(name: string): string {
  return [
    `echo 1 > /proc/sys/net/ipv6/conf/${name}/disable_ipv6`,
    `ethtool -K ${name} rx off tx off sg off tso off gso off gro off`,
    `ip link set ${name} up`,
  ].join("\n");
}
