import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type RunningCommand, startCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { PYTHON } from "../packets/packet-socket.ts";
import { LABEL_VARIABLE } from "../state/leftovers.ts";

const SCRIPT = fileURLToPath(new URL("network.py", import.meta.url));

export interface HostSpec {
  readonly name: string;
  readonly links: readonly {
    readonly bridge: string;
    readonly port: number;
    readonly mac: string;
    /** With prefix length. */
    readonly address: string;
  }[];
  readonly gateway: string | null;
  readonly forwards: boolean;
}

export interface NetworkSpec {
  readonly rundir: string;
  /** As Mininet calls them: `user` is OvS's netdev datapath, `kernel` its system datapath. */
  readonly datapath: "user" | "kernel";
  readonly bridges: readonly string[];
  readonly hosts: readonly HostSpec[];
}

/** A host that is up: its first process inside the capsule, and the two ends of each of its links. */
export interface HostPlace {
  readonly name: string;
  readonly pid: number;
  readonly interfaces: readonly string[];
  readonly peers: readonly string[];
}

interface Answer {
  readonly up?: number;
  readonly error?: string;
  readonly hosts?: readonly HostPlace[];
  readonly status?: number;
  readonly output?: string;
  readonly complaint?: string;
}

/**
 * The namespaces of a run: network, mounts and processes of its own, with Mininet's driver as the first process. Its
 * network holds the switch's side of every link and has no address. The kernel ends everything in it when the driver
 * ends, and the driver ends with this process, even one that is killed: nothing outlives a run but its files.
 */
export class Capsule implements AsyncDisposable {
  /** What everything that is started inside has to have in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #command: RunningCommand;
  readonly #answers: AsyncIterator<string>;
  /** Requests are answered one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #pid = 0;

  private constructor(command: RunningCommand, environment: Readonly<Record<string, string>>) {
    this.#command = command;
    this.environment = environment;
    this.#answers = createInterface({ input: command.stdout })[Symbol.asyncIterator]();
  }

  static async start(label: string): Promise<Capsule> {
    const unshare = [
      "unshare",
      "--net",
      "--mount",
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
    ];
    const command = await startCommand(
      "setpriv",
      ["--pdeathsig", "KILL", ...unshare, PYTHON, SCRIPT],
      { env: labelled(label) },
    );
    const capsule = new Capsule(command, labelled(label));
    await capsule.#answer("start");
    const children = await readFile(`/proc/${command.pid}/task/${command.pid}/children`, "utf8");
    capsule.#pid = Number(children.trim().split(" ")[0]);
    return capsule;
  }

  /** The driver, as the machine's other processes see it. */
  get pid(): number {
    return this.#pid;
  }

  async build(spec: NetworkSpec): Promise<readonly HostPlace[]> {
    const { hosts } = await this.#ask("build the network", { op: "start", ...spec });
    return hosts ?? [];
  }

  /**
   * Run a short command in the capsule, beside the hosts. Gives its output. Throws LabUnavailableError when it ends with
   * another status than 0.
   */
  async run(args: readonly string[], input = ""): Promise<string> {
    const { status, output, complaint } = await this.#ask(args.join(" "), {
      op: "run",
      host: null,
      args,
      input,
    });
    if (status !== 0) {
      throw new LabUnavailableError(`exit status ${status}: ${complaint?.trim() ?? ""}`, {
        where: args.join(" "),
      });
    }
    return output ?? "";
  }

  /** A command line that runs in the capsule, or in one of its hosts; what it starts dies with it. */
  inside(host: HostPlace | null, args: readonly string[]): [file: string, ...args: string[]] {
    const enter = ["--target", String(this.#pid), "--mount", "--net", "--pid", "--"];
    // Not mnexec: it would enter the host's mounts, too, which do not see those of a disk that comes later. And thirty hosts
    // must not keep the switch and its controller waiting while an instance is to be cut off.
    const attach =
      host === null
        ? []
        : ["nice", "-n", "10", "nsenter", "--target", String(host.pid), "--net", "--"];
    return ["nsenter", ...enter, "setpriv", "--pdeathsig", "KILL", ...attach, ...args];
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

/** This process's environment with the lab's label. */
function labelled(label: string): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...Object.fromEntries(own), [LABEL_VARIABLE]: label };
}
