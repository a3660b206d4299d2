import { readFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InputError, LabUnavailableError } from "../../src/base/errors.ts";
import { Unixctl } from "../ovs/unixctl.ts";
import type { Capsule } from "./capsule.ts";

const DEATH_MS_MAX = 10_000;
const ANSWER_MS_MAX = 10_000;
const BRIDGE_MS_MAX = 20_000;
const POLL_MS = 20;
/** Columns of a bridge, in the database, that make copies of what passes it. */
const COPYING = ["mirrors", "netflow", "sflow", "ipfix"];
const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";

/**
 * The run's own Open vSwitch: an ovsdb-server and an ovs-vswitchd inside the capsule. The machine's own, if it has one,
 * is never asked.
 */
export class OpenVSwitch {
  readonly rundir: string;
  readonly #capsule: Capsule;
  readonly #control: string;

  private constructor(capsule: Capsule, rundir: string) {
    this.#capsule = capsule;
    this.rundir = rundir;
    this.#control = join(rundir, "ovs-vswitchd.ctl");
  }

  /** `rundir` exists and is empty. */
  static async start(capsule: Capsule, rundir: string): Promise<OpenVSwitch> {
    const ovs = new OpenVSwitch(capsule, rundir);
    const database = join(rundir, "conf.db");
    const socket = join(rundir, "db.sock");
    await capsule.run(["ovsdb-tool", "create", database, SCHEMA]);
    await capsule.run(
      ovs.#environment([
        "ovsdb-server",
        database,
        `--remote=punix:${socket}`,
        ...ovs.#daemon("ovsdb-server"),
      ]),
    );
    await capsule.run(["ovs-vsctl", `--db=unix:${socket}`, "--no-wait", "init"]);
    await ovs.startSwitch();
    return ovs;
  }

  /** Also after it was killed. */
  async startSwitch(): Promise<void> {
    const socket = join(this.rundir, "db.sock");
    await this.#capsule.run(
      this.#environment([
        "ovs-vswitchd",
        `unix:${socket}`,
        `--unixctl=${this.#control}`,
        ...this.#daemon("ovs-vswitchd"),
      ]),
    );
  }

  /**
   * Whether ovs-vswitchd has ended; false when it answers. A process that is being killed closes its sockets one by one, a
   * moment before it is gone: until one or the other is certain this waits. Throws LabUnavailableError when neither is, after a while.
   */
  async isGone(): Promise<boolean> {
    const deadline = Date.now() + DEATH_MS_MAX;
    for (;;) {
      if (!(await this.#runs())) return true;
      if (await this.#answers()) return false;
      if (Date.now() > deadline) {
        throw new LabUnavailableError(
          `ovs-vswitchd runs, and does not answer for ${DEATH_MS_MAX} ms`,
          {
            where: this.#control,
          },
        );
      }
      await wait(POLL_MS);
    }
  }

  /** To take a connection is no answer: the kernel does that for a process that is about to end, too. */
  async #answers(): Promise<boolean> {
    try {
      return (await this.control("version")) !== "";
    } catch (error) {
      if (error instanceof LabUnavailableError) return false;
      throw error;
    }
  }

  /** One that was killed stays a zombie, because the capsule's first process reaps nobody. */
  async #runs(): Promise<boolean> {
    const pid = (await readFile(join(this.rundir, "ovs-vswitchd.pid"), "utf8")).trim();
    const script = `grep -q '^State:[[:space:]]*[RSDTtI]' /proc/${pid}/status 2>/dev/null && echo runs || true`;
    return (await this.#capsule.run(["sh", "-c", script])).trim() === "runs";
  }

  /** Resolves when a bridge takes OpenFlow connections. Throws LabUnavailableError when it does not within a while. */
  async bridgeIsUp(bridge: string): Promise<void> {
    const deadline = Date.now() + BRIDGE_MS_MAX;
    while (!(await accepts(this.socket(bridge)))) {
      if (Date.now() > deadline) {
        throw new LabUnavailableError(
          `the bridge ${bridge} does not take connections ${BRIDGE_MS_MAX} ms after the switch was started`,
          { where: this.socket(bridge) },
        );
      }
      await wait(POLL_MS);
    }
  }

  /** The management socket of a bridge. */
  socket(bridge: string): string {
    return join(this.rundir, `${bridge}.mgmt`);
  }

  /** Replace all rules of a bridge in one atomic bundle. */
  async replaceFlows(bridge: string, rules: string): Promise<void> {
    await this.#capsule.runner.run(
      "ovs-ofctl",
      ["-O", "OpenFlow14", "--bundle", "replace-flows", `unix:${this.socket(bridge)}`, "-"],
      { input: rules, env: this.#variables(), timeoutMs: ANSWER_MS_MAX },
    );
  }

  /**
   * Resolves when no packet meets rules that were replaced: the datapath keeps what it has worked out from them until the
   * revalidators get to it, which on a busy machine takes a while.
   */
  async forgetOldRules(): Promise<void> {
    // A program takes longer to start than this takes to do, and an instance that was cut off goes on sending meanwhile.
    await this.#capsule.runner.act(
      ["ovs-appctl", "-t", this.#control, "revalidator/purge"],
      async () => {
        await using stack = new AsyncDisposableStack();
        const control = await this.#connect(stack);
        await control.call("revalidator/purge");
      },
    );
  }

  /** `ovs-vsctl` on the run's own database; resolves when the switch has done it. Gives what it prints. */
  async configure(...args: string[]): Promise<string> {
    const { stdout } = await this.#capsule.runner.run("ovs-vsctl", [
      `--timeout=${ANSWER_MS_MAX / 1000}`,
      `--db=unix:${join(this.rundir, "db.sock")}`,
      ...args,
    ]);
    return stdout;
  }

  /** A bridge never floods into this port. */
  async noFlood(bridge: string, port: string): Promise<void> {
    await this.#capsule.runner.run(
      "ovs-ofctl",
      ["mod-port", `unix:${this.socket(bridge)}`, port, "no-flood"],
      { env: this.#variables() },
    );
  }

  /** What copies frames of a bridge elsewhere, whatever its rules say; for instance `mirrors`. */
  async copies(bridge: string): Promise<string[]> {
    const settings = await this.configure("get", "bridge", bridge, ...COPYING);
    const values = settings.split("\n");
    return COPYING.filter((_, index) => !/^(?:\[\])?$/.test(values[index] ?? ""));
  }

  /** The rules that are in force, hidden ones included, as `ovs-appctl bridge/dump-flows` gives them. */
  dumpFlows(bridge: string): Promise<string> {
    return this.control("bridge/dump-flows", bridge);
  }

  /** `ovs-appctl` to ovs-vswitchd. */
  control(...command: [string, ...string[]]): Promise<string> {
    return this.#command(command);
  }

  /** Without a program: what asks about an instance that has to be cut off must not wait for one to start. */
  async #command(command: readonly [string, ...string[]], standIn = ""): Promise<string> {
    let answer = standIn;
    await this.#capsule.runner.act(["ovs-appctl", "-t", this.#control, ...command], async () => {
      await using stack = new AsyncDisposableStack();
      const control = await this.#connect(stack);
      answer = (await control.call(...command)).trimEnd();
    });
    return answer;
  }

  /** Forget every connection with this address at either end. One that has ended by itself meanwhile is forgotten, too. */
  async flushConntrack(address: string): Promise<void> {
    const standIn = `tcp,orig=(src=${address},dst=$PEER,sport=$SPORT,dport=$DPORT),zone=1`;
    const { runner } = this.#capsule;
    runner.remark("then forgotten, one by one: each connection that it lists");
    const lines = await this.#command(["dpctl/dump-conntrack"], standIn);
    await using stack = new AsyncDisposableStack();
    // A program for each would take seconds: an instance may have hundreds.
    let control: Promise<Unixctl> | null = null;
    for (const line of lines.split("\n")) {
      if (!line.includes(`src=${address},`) && !line.includes(`dst=${address},`)) continue;
      const tuple = tupleOf(line);
      const zone = /\bzone=(\d+)/.exec(line)?.[1] ?? "0";
      // Without a tuple that can be named the whole zone goes: nothing of the instance may stay.
      const what = ["dpctl/flush-conntrack", `zone=${zone}`, ...(tuple === null ? [] : [tuple])];
      await runner.act(["ovs-appctl", "-t", this.#control, ...what], async () => {
        control ??= this.#connect(stack);
        await forget(await control, what);
      });
    }
  }

  /** The control socket without `ovs-appctl`; closed with the stack. */
  async #connect(stack: AsyncDisposableStack): Promise<Unixctl> {
    const control = await Unixctl.connect(this.#control);
    if (control === null)
      throw new LabUnavailableError("ovs-vswitchd does not answer", { where: this.#control });
    stack.defer(() => control.close());
    const deadline = setTimeout(
      () => control.close(`no answer for ${ANSWER_MS_MAX} ms`),
      ANSWER_MS_MAX,
    );
    stack.defer(() => clearTimeout(deadline));
    return control;
  }

  async version(): Promise<string> {
    const version = /\d+\.\d+\.\d+/.exec(await this.control("version"))?.[0];
    if (version === undefined)
      throw new LabUnavailableError("ovs-vswitchd does not tell its version");
    return version;
  }

  #variables(): Record<string, string> {
    return { PATH: process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin", OVS_RUNDIR: this.rundir };
  }

  #environment(args: readonly string[]): string[] {
    return ["env", `OVS_RUNDIR=${this.rundir}`, `OVS_LOGDIR=${this.rundir}`, ...args];
  }

  #daemon(name: string): string[] {
    return [
      "--pidfile",
      "--detach",
      "--no-chdir",
      `--log-file=${join(this.rundir, `${name}.log`)}`,
    ];
  }
}

async function forget(control: Unixctl, what: readonly string[]): Promise<void> {
  const [command = "", ...params] = what;
  try {
    await control.call(command, ...params);
  } catch (error) {
    // It has ended since it was listed.
    if (!(error instanceof InputError && error.message.includes("No such file or directory")))
      throw error;
  }
}

/** Whether somebody listens on a unix socket. */
function accepts(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection(path);
  socket.on("connect", () => resolve(true));
  socket.on("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** The original direction of a line of `dump-conntrack`, as `flush-conntrack` takes it; null for what has no ports. */
function tupleOf(line: string): string | null {
  const protocols: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };
  const match = /^(\w+),orig=\(src=([^,]+),dst=([^,]+),sport=([^,]+),dport=([^,)]+)\)/.exec(line);
  const protocol = protocols[match?.[1] ?? ""];
  if (match === null || protocol === undefined) return null;
  const [, , source, destination, sourcePort, destinationPort] = match;
  return [
    `ct_nw_src=${source}`,
    `ct_nw_dst=${destination}`,
    `ct_nw_proto=${protocol}`,
    `ct_tp_src=${sourcePort}`,
    `ct_tp_dst=${destinationPort}`,
  ].join(",");
}
