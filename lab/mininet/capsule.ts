import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ownEnvironment, type RunningCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { EXECUTE, type Runner } from "../command/runner.ts";
import { PYTHON } from "../packets/packet-socket.ts";
import { LABEL_VARIABLE } from "../state/leftovers.ts";

const SCRIPT = fileURLToPath(new URL("network.py", import.meta.url));
/** What a shell calls the driver. */
const DRIVER = "DRIVER";
const NO_IPV6 = ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"];

/**
 * Thirty hosts must not keep the switch and its controller waiting while an instance is to be cut off. Where the kernel shares
 * out its time by sessions, a process's own priority counts within its session only.
 */
const YIELDING = [
  ...["nice", "-n", "10"],
  ...["sh", "-c", 'echo 10 > /proc/self/autogroup 2> /dev/null; exec "$@"', "sh"],
];

export interface LinkSpec {
  readonly bridge: string;
  readonly port: number;
  readonly mac: string;
  /** With prefix length. */
  readonly address: string;
}

export interface HostSpec {
  readonly name: string;
  readonly links: readonly LinkSpec[];
  readonly gateway: string | null;
  readonly forwards: boolean;
}

export interface NetworkSpec {
  readonly rundir: string;
  /** `user` or `kernel`, or a shell's variable that holds it. */
  readonly datapath: string;
  readonly bridges: readonly string[];
  readonly hosts: readonly HostSpec[];
}

/** A host that is up: its first process inside the capsule, and the two ends of each of its links. */
export interface HostPlace {
  readonly name: string;
  /** A number, or in a rehearsal the name of a shell's variable. */
  readonly pid: string;
  readonly interfaces: readonly string[];
  readonly peers: readonly string[];
}

interface Answer {
  readonly error?: string;
  readonly pid?: number;
}

/**
 * The namespaces of a run: network, mounts and processes of its own, with Mininet's driver as the first process. Its
 * network holds the switch's side of every link and has no address. The kernel ends everything in it when the driver
 * ends, and the driver ends with this process, even one that is killed: nothing outlives a run but its files.
 */
export class Capsule implements AsyncDisposable {
  /** What everything that is started inside has to have in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly runner: Runner;
  readonly #command: RunningCommand;
  readonly #answers: AsyncIterator<string>;
  /** Requests are answered one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #pid = "";

  private constructor(
    runner: Runner,
    command: RunningCommand,
    environment: Readonly<Record<string, string>>,
  ) {
    this.runner = runner;
    this.#command = command;
    this.environment = environment;
    this.#answers = createInterface({ input: command.stdout })[Symbol.asyncIterator]();
  }

  static async start(label: string, runner: Runner = EXECUTE): Promise<Capsule> {
    const unshare = [
      "unshare",
      "--net",
      "--mount",
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
    ];
    const environment = { ...ownEnvironment(), [LABEL_VARIABLE]: label };
    const command = await runner.start(
      "setsid",
      ["setpriv", "--pdeathsig", "KILL", ...unshare, PYTHON, SCRIPT],
      { name: DRIVER, env: environment, standIn: { says: "{}\n", answer: "{}\n" } },
    );
    const capsule = new Capsule(runner, command, environment);
    await capsule.#answer("start");
    const { pid } = command;
    const children = `/proc/$${DRIVER}_PID/task/$${DRIVER}_PID/children`;
    capsule.#pid = await runner.learn("CAPSULE", `$(cut -d' ' -f1 "${children}")`, async () => {
      const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
      return text.trim().split(" ")[0] ?? "";
    });
    return capsule;
  }

  /** The driver, as the machine's other processes see it. */
  get pid(): string {
    return this.#pid;
  }

  /** Let Mininet make everything that the specification names, and nothing that it does not: no address, no IPv6. */
  async build({ rundir, datapath, bridges, hosts }: NetworkSpec): Promise<HostPlace[]> {
    await this.run(["sysctl", "-qw", ...NO_IPV6, "net.ipv4.ip_forward=0"]);
    this.runner.remark(
      "DRIVER carries out each request by Mininet's Python API, and nothing else:",
    );
    this.runner.remark("addSwitch (ovs-vsctl), addHost (mnexec), addLink (ip link), build, start");
    await this.#ask("begin", { op: "begin", rundir, datapath });
    for (const name of bridges) await this.#ask(`bridge ${name}`, { op: "bridge", name });
    const places: HostPlace[] = [];
    for (const [index, spec] of hosts.entries()) places.push(await this.#addHost(index + 1, spec));
    await this.#ask("build the network", { op: "build" });
    await Promise.all(hosts.map((spec, i) => this.#configure(spec, places[i]!)));
    const peers = places.flatMap((place) => place.peers);
    await this.run(["sh", "-ec", peers.map((peer) => offloadsOff(peer)).join("\n")]);
    return places;
  }

  async #addHost(number: number, { name, links }: HostSpec): Promise<HostPlace> {
    const interfaces = links.map((_, index) => `h${number}-${index}`);
    const peers = links.map((_, index) => `s${number}-${index}`);
    const cables = links.map(({ bridge, port, mac }, i) => {
      return { bridge, port, mac, interface: interfaces[i], peer: peers[i] };
    });
    const { pid } = await this.#ask(`host ${name}`, {
      op: "host",
      node: `h${number}`,
      links: cables,
    });
    // The answer is {"pid": NUMBER}.
    const known = await this.runner.learn(`H${number}`, `\${ANSWER//[^0-9]/}`, () => String(pid));
    return { name, pid: known, interfaces, peers };
  }

  /** Addresses and routes of one host, in its namespace. */
  async #configure({ links, gateway, forwards }: HostSpec, place: HostPlace): Promise<void> {
    const commands = [
      `sysctl -qw ${NO_IPV6.join(" ")}`,
      `sysctl -qw net.ipv4.ip_forward=${forwards ? 1 : 0}`,
      "ip link set lo up",
    ];
    for (const [index, { address }] of links.entries()) {
      const name = place.interfaces[index] ?? "";
      commands.push(offloadsOff(name));
      commands.push(`ip addr add ${address} dev ${name}`, `ip link set ${name} up`);
    }
    if (gateway !== null) commands.push(`ip route add default via ${gateway}`);
    await this.#runIn(place, ["sh", "-ec", commands.join("\n")]);
  }

  /**
   * Run a short command in the capsule, beside the hosts. Gives its output; `standIn` is what a rehearsal takes for it.
   * Throws CommandError when it ends with another status than 0.
   */
  run(args: readonly string[], standIn = ""): Promise<string> {
    return this.#runIn(null, args, standIn);
  }

  async #runIn(host: HostPlace | null, args: readonly string[], standIn = ""): Promise<string> {
    const [file, ...rest] = this.inside(host, args);
    const { stdout } = await this.runner.run(file, rest, { env: this.environment, standIn });
    return stdout;
  }

  /**
   * A command line that runs in the capsule, or in one of its hosts; what it starts dies with it. It has a session of its own:
   * Ctrl-C is for the program that made the lab, which takes it down in order.
   */
  inside(host: HostPlace | null, args: readonly string[]): [file: string, ...args: string[]] {
    const enter = ["nsenter", "--target", this.#pid, "--mount", "--net", "--pid", "--"];
    const die = ["setpriv", "--pdeathsig", "KILL"];
    if (host === null) return ["setsid", ...enter, ...die, ...args];
    // Not mnexec: it would enter the host's mounts, too, which do not see those of a disk that comes later.
    const attach = ["nsenter", "--target", host.pid, "--net", "--"];
    return ["setsid", ...YIELDING, ...enter, ...die, ...attach, ...args];
  }

  /** Mininet takes its network down, then everything ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#command.stdin.end();
    await this.#command.ended;
  }

  #ask(what: string, request: object): Promise<Answer> {
    const answer = this.#last.then(() => {
      this.#command.stdin.write(`${JSON.stringify(request)}\n`);
      return this.#answer(what);
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #answer(what: string): Promise<Answer> {
    const { value, done } = await this.#answers.next();
    if (done === true) {
      throw new LabUnavailableError(`Mininet's driver ended: ${this.#command.complaint()}`, {
        where: what,
        mend: "`isoreplay doctor` says what the lab needs",
      });
    }
    const answer = JSON.parse(value) as Answer;
    if (answer.error !== undefined) throw new LabUnavailableError(answer.error, { where: what });
    return answer;
  }
}

/** Offloaded checksums and segments would reach the switch unfinished: on a veth nobody finishes them. */
function offloadsOff(name: string): string {
  return `ethtool -K ${name} rx off tx off sg off tso off gso off gro off`;
}
