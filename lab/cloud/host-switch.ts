import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type RunningCommand, runCommand, startCommand } from "../../src/base/command.ts";
import { InputError, LabUnavailableError } from "../../src/base/errors.ts";
import { Unixctl } from "../ovs/unixctl.ts";

const ANSWER_MS_MAX = 20_000;
/** Rules above are the switch's own, for an in-band controller. */
const VISIBLE_PRIORITY_MAX = 65_535;
/** What copies frames of a bridge elsewhere, whatever its rules say. */
const COPYING = ["mirrors", "netflow", "sflow", "ipfix"];

/** An interface of the switch: its name, and its OpenFlow port number. */
export interface SwitchPort {
  readonly name: string;
  readonly ofport: number;
}

const foundSchema = z.object({ data: z.array(z.tuple([z.string(), z.unknown()])) });

/** The Open vSwitch of a compute host, which is Neutron's: asked by its sockets, and changed only where it says so. */
export class HostSwitch {
  readonly rundir: string;

  /** `rundir`: where its sockets lie, as `OVS_RUNDIR` has it. */
  constructor(rundir: string) {
    this.rundir = rundir;
  }

  /** `ovs-vsctl`. Resolves when the switch has done it. Rejects with CommandError. */
  async vsctl(...args: readonly string[]): Promise<string> {
    const db = `--db=unix:${join(this.rundir, "db.sock")}`;
    const timeout = `--timeout=${ANSWER_MS_MAX / 1000}`;
    return (await runCommand("ovs-vsctl", [timeout, db, ...args])).stdout;
  }

  /** The rules in force, with their cookies; hidden ones, which have none to tell, included. */
  async flows(bridge: string): Promise<string> {
    const [{ stdout }, everything] = await Promise.all([
      runCommand(
        "ovs-ofctl",
        ["-O", "OpenFlow14", "--no-names", "--no-stats", "dump-flows", this.#management(bridge)],
        { timeoutMs: ANSWER_MS_MAX },
      ),
      this.control("bridge/dump-flows", bridge),
    ]);
    const hidden = everything
      .split("\n")
      .filter((line) => Number(/\bpriority=(\d+)/.exec(line)?.[1] ?? 0) > VISIBLE_PRIORITY_MAX);
    return [stdout, ...hidden].join("\n");
  }

  /** Changes (`ovs-ofctl add-flows`, also `delete` lines) in one atomic bundle. Rejects with CommandError. */
  async change(bridge: string, changes: string): Promise<void> {
    await runCommand(
      "ovs-ofctl",
      ["-O", "OpenFlow14", "--bundle", "add-flows", this.#management(bridge), "-"],
      { input: changes, timeoutMs: ANSWER_MS_MAX },
    );
  }

  /** Tells of every rule that changes, one line or more each, until it is killed. */
  monitor(bridge: string): Promise<RunningCommand> {
    // Nobody needs to control it. What changes it tells on stderr.
    const watch = ["ovs-ofctl", "--unixctl=none", "monitor", this.#management(bridge)];
    const changes = "watch:!initial,!add,!modify";
    const both = ["sh", "-c", 'exec "$@" 2>&1', "sh", ...watch, changes];
    return startCommand("setpriv", ["--pdeathsig", "KILL", ...both]);
  }

  /** The port that is plugged in for a Neutron port; null while none is. */
  async portOf(iface: string): Promise<SwitchPort | null> {
    const columns = ["--format=json", "--columns=name,ofport"];
    const text = await this.vsctl(
      ...columns,
      "find",
      "Interface",
      `external_ids:iface-id=${iface}`,
    );
    const [found] = foundSchema.parse(JSON.parse(text)).data;
    if (found === undefined) return null;
    const [name, ofport] = found;
    return typeof ofport === "number" && ofport > 0 ? { name, ofport } : null;
  }

  /** By name, the port numbers of interfaces that Neutron's agent has put into the VLAN of their network. */
  async wired(deadVlan: number): Promise<Map<string, number>> {
    const list = async (table: string, column: string) => {
      const text = await this.vsctl("--format=json", `--columns=name,${column}`, "list", table);
      return foundSchema.parse(JSON.parse(text)).data;
    };
    const [tags, ofports] = await Promise.all([list("Port", "tag"), list("Interface", "ofport")]);
    const inVlan = new Set(
      tags.filter(([, tag]) => typeof tag === "number" && tag !== deadVlan).map(([name]) => name),
    );
    return new Map(
      ofports.flatMap(([name, ofport]) =>
        inVlan.has(name) && typeof ofport === "number" && ofport > 0 ? [[name, ofport]] : [],
      ),
    );
  }

  /** Names of a bridge's settings that copy what passes it. */
  async copies(bridge: string): Promise<string[]> {
    const values = (await this.vsctl("get", "bridge", bridge, ...COPYING)).split("\n");
    return COPYING.filter((_, index) => !/^(?:\[\])?$/.test(values[index] ?? ""));
  }

  /**
   * Make sure that no packet meets rules that were replaced, and that nothing is known of connections with these addresses:
   * the datapath keeps what it has worked out for a moment.
   */
  async forget(addresses: readonly string[] = []): Promise<void> {
    await this.#withControl(async (control) => {
      await control.call("revalidator/purge");
      if (addresses.length === 0) return;
      const lines = (await control.call("dpctl/dump-conntrack")).split("\n");
      const zones = new Set(
        lines
          .filter((line) => addresses.some((one) => line.includes(`=${one},`)))
          .map((line) => /\bzone=(\d+)/.exec(line)?.[1] ?? "0"),
      );
      for (const zone of zones) await control.call("dpctl/flush-conntrack", `zone=${zone}`);
    });
  }

  /** `ovs-appctl` to ovs-vswitchd. */
  async control(...command: readonly [string, ...string[]]): Promise<string> {
    const [method, ...params] = command;
    return this.#withControl((control) => control.call(method, ...params));
  }

  async #withControl<T>(work: (control: Unixctl) => Promise<T>): Promise<T> {
    const files = await readdir(this.rundir);
    const file = files.find((name) => /^ovs-vswitchd(\.\d+)?\.ctl$/.test(name));
    const path = join(this.rundir, file ?? "ovs-vswitchd.ctl");
    const control = await Unixctl.connect(path);
    if (control === null) {
      throw new LabUnavailableError("the compute host's ovs-vswitchd does not answer", {
        where: path,
        mend: "OVS_RUNDIR says where its sockets lie",
      });
    }
    try {
      return await work(control);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new LabUnavailableError(error.message, { where: path, cause: error });
    } finally {
      control.close();
    }
  }

  #management(bridge: string): string {
    return `unix:${join(this.rundir, `${bridge}.mgmt`)}`;
  }
}
