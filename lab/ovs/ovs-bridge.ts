import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/base/errors.ts";
import type { DevicePort, PacketOutPort, SentFrame } from "../../src/case/device.ts";
import { Marker } from "./marker.ts";
import { isUntagged, markerFlow, OWN_COOKIE, relayFlows, taggedHex } from "./own-flows.ts";
import { PortCapture } from "./port-capture.ts";
import type { PrivateOvs } from "./private-ovs.ts";

const BRIDGE = "br0";
const MARKER_PORT = "isoreplay-mark";
const RELAY_PORT = "isoreplay-relay";

/** A port's queue holds 100 packets and loses what is beyond; one is the marker, one is spare. */
const BATCH_MAX = 98;

/** The highest port number that OpenFlow does not reserve (0xff00 - 1). */
const PORT_NUMBER_MAX = 0xfeff;

const VERSIONS = ["10", "11", "12", "13", "14", "15"].map((v) => `OpenFlow${v}`).join(",");

export interface BridgePort {
  readonly no: number;
  readonly name: string;
}

/** A frame for the switch. */
export interface Arrival {
  readonly port: DevicePort;
  readonly bytes: Uint8Array;
}

/** The one bridge of a private Open vSwitch: `fail-mode=secure`, nothing tracked, no rules, the clock stopped. */
export class OvsBridge implements AsyncDisposable {
  readonly #ovs: PrivateOvs;
  readonly folder: string;
  readonly #names: ReadonlyMap<DevicePort, string>;
  readonly #captures = new Map<DevicePort, PortCapture>();
  /** Names of ports that take no frames. */
  readonly #deaf = new Set<string>();
  readonly #marker: Marker;
  /** Flows of our own, one a line: those of the marker and of the relay. */
  readonly #ownFlows: string;

  private constructor(
    ovs: PrivateOvs,
    folder: string,
    names: ReadonlyMap<DevicePort, string>,
    marker: Marker,
    ownFlows: string,
  ) {
    this.#ovs = ovs;
    this.folder = folder;
    this.#names = names;
    this.#marker = marker;
    this.#ownFlows = ownFlows;
  }

  /** Dispose of it before the next one is made. Rejects with IsoreplayError for ports that Open vSwitch does not take. */
  static async create(ovs: PrivateOvs, ports: readonly BridgePort[]): Promise<OvsBridge> {
    const folder = await mkdtemp(join(ovs.folder, "bridge-"));
    const socket = join(folder, "marker.sock");
    const marker = await Marker.listen(socket);
    const names = new Map<DevicePort, string>([["LOCAL", BRIDGE]]);
    for (const { no, name } of ports) names.set(no, name);
    const [markerNumber, relayNumber] = freeNumbers(ports);
    const ownFlows = [markerFlow(markerNumber), ...relayFlows(relayNumber, [...names.keys()])];
    const bridge = new OvsBridge(ovs, folder, names, marker, ownFlows.join("\n"));
    try {
      await ovs.vsctl(
        ...["add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath-type=dummy"],
        ...["fail-mode=secure", `protocols=${VERSIONS}`, "other-config:disable-in-band=true"],
        ...["--", "set", "interface", BRIDGE, `options:tx_pcap=${capturePath(folder, "LOCAL")}`],
        ...ports.flatMap(({ no, name }) => addPort(name, no, `tx_pcap=${capturePath(folder, no)}`)),
        ...addPort(MARKER_PORT, markerNumber, `stream=unix:${socket}`),
        ...addPort(RELAY_PORT, relayNumber),
      );
      await ovs.appctl("time/stop");
      await marker.connected();
      bridge.#openCaptures();
      await bridge.#settle();
      return bridge;
    } catch (error) {
      await bridge[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The bridge as ovs-ofctl is told of it. */
  get target(): string {
    return `unix:${join(this.#ovs.folder, `${BRIDGE}.mgmt`)}`;
  }

  /**
   * `ovs-ofctl COMMAND BRIDGE ARGS…`; gives what it prints. In OpenFlow 1.5 unless the options say otherwise.
   * Rejects with InputError when it is refused, with the words of the refusal.
   */
  async ofctl(
    command: string,
    args: readonly string[],
    options: readonly string[] = [],
    input?: string,
  ): Promise<string> {
    const asked = options.some((o) => o.startsWith("-O") || o.startsWith("--protocols"));
    const version = asked ? [] : ["-O", "OpenFlow15"];
    const all = [...version, ...options, command, this.target, ...args];
    const { exitStatus, stdout, stderr } = await this.#ovs.run("ovs-ofctl", all, input, [0, 1]);
    if (exitStatus === 0) return stdout;
    throw new InputError(refusal(stderr), { where: `ovs-ofctl ${command}` });
  }

  /** The same for a command that changes something: the next packet sees the change. */
  async change(
    command: string,
    args: readonly string[],
    options: readonly string[] = [],
    input?: string,
  ): Promise<void> {
    await this.ofctl(command, args, options, input);
    if (command === "mod-port") {
      this.#heedPort(args);
      // The daemon answers before it sees to it, and takes our next command still in the same turn of its loop. When the
      // marker has passed it is in the next turn, and that one began with the ports.
      await this.exchange([]);
    }
    await this.#settle(mayTouchOthers(command, input));
  }

  /** All flows in place of those that there are, in one step; counters start at 0. `text`: as for `add-flows`. */
  async replaceFlows(text: string): Promise<void> {
    await this.ofctl("add-flows", ["-"], ["--bundle"], `delete\n${this.#ownFlows}\n${text}`);
    await this.appctl("revalidator/purge");
  }

  /**
   * Frames arrive, in this order; resolves when all of them are done, with what has left since the last call: in order
   * for each port. Ports are served in turn, so with another port another batch begins. `relayed`: untagged frames come
   * in through one port of our own instead, whose flows give each its port before anything else sees it; then a batch may
   * have many ports, which is several times as quick.
   */
  async exchange(
    arrivals: readonly Arrival[],
    options: { readonly relayed?: boolean } = {},
  ): Promise<SentFrame[]> {
    let start = 0;
    do {
      const first = arrivals[start];
      const name = first === undefined ? BRIDGE : this.#entrance(first, options);
      const hexes: string[] = [];
      let end = start;
      while (end < arrivals.length && hexes.length < BATCH_MAX) {
        const arrival = arrivals[end]!;
        if (this.#entrance(arrival, options) !== name) break;
        hexes.push(name === RELAY_PORT ? taggedHex(arrival) : hexOf(arrival.bytes));
        end++;
      }
      const { hex, passed } = this.#marker.next();
      if (this.#deaf.has(name)) {
        // It takes no marker either. Another port has as many frames to hand on first, and each hands on one in turn.
        if (hexes.length > 0) await this.appctl("netdev-dummy/receive", name, ...hexes);
        const filler = hexes.map(() => this.#marker.filler);
        await this.appctl("netdev-dummy/receive", RELAY_PORT, ...filler, hex);
      } else await this.appctl("netdev-dummy/receive", name, ...hexes, hex);
      await passed();
      start = end;
    } while (start < arrivals.length);
    return this.drain();
  }

  /** `actions` on a frame that no port received; what has left since the last call. */
  async packetOut(inPort: PacketOutPort, actions: string, bytes: Uint8Array): Promise<SentFrame[]> {
    await this.ofctl("packet-out", [`in_port=${inPort},packet=${hexOf(bytes)},actions=${actions}`]);
    // What was held back on the way (a recirculation) passes before the marker does.
    return this.exchange([]);
  }

  /** Time passes; what is too old then is forgotten before the next frame. To be called with nothing on its way. */
  async warp(ms: number): Promise<void> {
    await this.appctl("time/warp", String(ms));
    // The daemon takes several commands at once; it forgets addresses after the frames that come between two such turns.
    await this.exchange([]);
  }

  /** What has left since the last call. */
  drain(): SentFrame[] {
    return [...this.#captures].flatMap(([port, capture]) =>
      capture.drain().map((bytes) => ({ port, bytes })),
    );
  }

  /** Lines of `dump-flows`, without the marker's own; counters are up to date. */
  async dumpFlows(): Promise<string[]> {
    await this.appctl("revalidator/purge");
    const text = await this.ofctl("dump-flows", []);
    return text.split("\n").filter((line) => !line.includes(OWN_COOKIE));
  }

  appctl(command: string, ...params: readonly string[]): Promise<string> {
    return this.#ovs.appctl(command, ...params);
  }

  /** Let go of it without a word to the daemon, which may be gone. */
  abandon(): void {
    this.#marker.close();
    for (const capture of this.#captures.values()) capture.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ovs.vsctl("--if-exists", "del-br", BRIDGE);
    this.abandon();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A port that is told to take no frames, or to take them again. */
  #heedPort([port = "", action]: readonly string[]): void {
    const named = [...this.#names].find(([no, name]) => name === port || String(no) === port);
    if (named === undefined) return;
    if (action === "no-receive") this.#deaf.add(named[1]);
    if (action === "receive") this.#deaf.delete(named[1]);
  }

  /** Open vSwitch says nothing when it cannot make a port: then there is no capture of it. */
  #openCaptures(): void {
    for (const [port, name] of this.#names) {
      const path = capturePath(this.folder, port);
      if (!existsSync(path))
        throw new InputError(`Open vSwitch does not make a port named "${name}"`);
      this.#captures.set(port, new PortCapture(path));
    }
  }

  /** After a change of flows: our own stand (again), and no packet is handled as before the change. */
  async #settle(restore = true): Promise<void> {
    if (restore) await this.ofctl("add-flows", ["-"], ["--bundle"], this.#ownFlows);
    await this.appctl("revalidator/purge");
  }

  /** The name of the port that a frame comes in through. */
  #entrance({ port, bytes }: Arrival, { relayed }: { readonly relayed?: boolean }): string {
    const name = this.#names.get(port);
    if (name === undefined) throw new RangeError(`the bridge has no port ${port}`);
    return relayed === true && isUntagged(bytes) ? RELAY_PORT : name;
  }
}

/** Whether a command may change flows that it does not name. */
function mayTouchOthers(command: string, input: string | undefined): boolean {
  if (/^(?:del-flows|mod-flows|replace-flows)$/.test(command)) return true;
  return command === "add-flows" && /^\s*(?:delete|modify)/m.test(input ?? "");
}

/** What ovs-ofctl says, without the bytes of the message that was refused. */
function refusal(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => !/^(?:[0-9a-f]{8} {2}|\s*$)/.test(line));
  return lines.map((line) => line.replace(/^ovs-ofctl: /, "").trim()).join(" | ");
}

function capturePath(folder: string, port: DevicePort): string {
  return join(folder, `${port}.pcap`);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

function addPort(name: string, no: number, option?: string): string[] {
  const options = ["type=dummy", `ofport_request=${no}`];
  if (option !== undefined) options.push(`options:${option}`);
  return ["--", "add-port", BRIDGE, name, "--", "set", "interface", name, ...options];
}

/** The two highest numbers that no port has. */
function freeNumbers(ports: readonly BridgePort[]): [number, number] {
  const taken = new Set(ports.map(({ no }) => no));
  const free: number[] = [];
  for (let number = PORT_NUMBER_MAX; free.length < 2; number--)
    if (!taken.has(number)) free.push(number);
  return [free[0]!, free[1]!];
}
