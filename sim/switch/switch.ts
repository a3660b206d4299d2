import type { Clock } from "../../src/base/clock.ts";
import { InputError } from "../../src/base/errors.ts";
import { SWITCH_LIMITS } from "../../src/base/limits.ts";
import type { Random } from "../../src/base/random.ts";
import type { Action } from "../../src/rule/action.ts";
import { PORT, type PortRef } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import { formatConnection, tupleAddresses } from "./conntrack/dump.ts";
import { Fragments, takeOver } from "./conntrack/fragments.ts";
import { FlowCache } from "./flow-cache.ts";
import { FlowTables } from "./flow-tables.ts";
import { extractKey } from "./key.ts";
import { PACKET_WORD, PIPELINE_WORDS, W, WORDS } from "./layout.ts";
import { MacTable } from "./mac-table.ts";
import { normalPort } from "./normal.ts";
import type { DropReason, Operation, PacketInReason, Program } from "./operation.ts";
import { Packet } from "./packet.ts";
import { Walk } from "./walk.ts";
import { writeWord } from "./write-field.ts";

const ETHERNET_BYTES = 14;

/** A frame that leaves the switch. */
export interface Output {
  readonly port: number | "LOCAL" | "CONTROLLER";
  readonly bytes: Uint8Array;
  /** `CONTROLLER` only: why, and the table. */
  readonly reason?: PacketInReason;
  readonly table?: number;
}

export type SwitchLimits = { readonly [K in keyof typeof SWITCH_LIMITS]: number };

export interface SwitchOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<SwitchLimits>;
  /** Whether somebody takes packet-ins for table misses and expired TTLs. Default: nobody. */
  readonly packetIns?: boolean;
}

export interface FlowStatistics {
  readonly rule: Rule;
  readonly packets: number;
  readonly bytes: number;
}

export interface SwitchCounters {
  received: number;
  outputs: number;
  /** Packets that came in through a port that the bridge does not have. */
  fromAbsentPort: number;
  toAbsentPort: number;
  /** Frames without a whole Ethernet header, which are dropped. */
  runts: number;
  /** Rules that `learn` could not add, because there were too many. */
  learnRefused: number;
  /** Walks through the tables, and how many of them the cache spared. */
  walks: number;
  cached: number;
  readonly dropped: Record<DropReason, number>;
}

/**
 * A bridge like Open vSwitch with `fail-mode=secure` and its user-space datapath: what no rule matches is dropped.
 * Bytes given to it and taken from it are never changed in place.
 */
export class Switch {
  readonly name: string;
  readonly counters: SwitchCounters = {
    received: 0,
    outputs: 0,
    fromAbsentPort: 0,
    toAbsentPort: 0,
    runts: 0,
    learnRefused: 0,
    walks: 0,
    cached: 0,
    dropped: { miss: 0, resubmit_depth: 0, resubmit_count: 0, stack: 0, recirculation: 0 },
  };
  readonly conntrack: Conntrack;
  readonly fragments: Fragments;
  readonly #clock: Clock;
  readonly #limits: SwitchLimits;
  readonly #packetIns: boolean;
  readonly #ports = new Map<number, string>();
  readonly #portNumbers = new Map<string, number>();
  readonly #tables = new FlowTables();
  readonly #macs: MacTable;
  /** By table in which the walk starts. */
  #caches: (FlowCache | undefined)[] = [];
  /** One key for each depth of recirculation; reused for every packet. */
  readonly #keys: Int32Array[];
  readonly #packet = new Packet(new Uint8Array(0));
  #outputs: Output[] = [];
  /** Read from the clock at most once per packet; -1: not yet. */
  #nowMs = -1;

  constructor(options: SwitchOptions) {
    this.name = options.name;
    this.#clock = options.clock;
    this.#limits = { ...SWITCH_LIMITS, ...options.limits };
    this.#packetIns = options.packetIns ?? false;
    this.#macs = new MacTable(this.#limits);
    this.conntrack = new Conntrack(options.random.fork("conntrack"), this.#limits);
    this.fragments = new Fragments(this.#limits);
    this.#keys = Array.from(
      { length: this.#limits.recirculationsMax + 1 },
      () => new Int32Array(WORDS),
    );
  }

  /** Throws InputError for a number or name that is taken or reserved. */
  addPort(no: number, name: string): void {
    if (!Number.isInteger(no) || no < 1 || no >= PORT.max) {
      throw new InputError(`port ${no}: a port's number is between 1 and ${PORT.max - 1}`);
    }
    if (this.#ports.has(no)) throw new InputError(`port ${no} exists already on ${this.name}`);
    if (this.#portNumbers.has(name))
      throw new InputError(`port ${name} exists already on ${this.name}`);
    this.#ports.set(no, name);
    this.#portNumbers.set(name, no);
    // Results of walks hold the numbers of named ports.
    this.#caches = [];
  }

  removePort(no: number): void {
    const name = this.#ports.get(no);
    if (name === undefined) return;
    this.#ports.delete(no);
    this.#portNumbers.delete(name);
    this.#macs.forgetPort(no);
    this.#caches = [];
  }

  /** The ports' numbers by name, for `parseRules`. */
  get ports(): ReadonlyMap<string, number> {
    return this.#portNumbers;
  }

  /**
   * Replaces all rules at once; counters start at 0. A later rule with the same table, priority and match replaces
   * the earlier one. Throws InputError for a port that the bridge does not have, and then changes nothing.
   */
  setFlows(rules: readonly Rule[]): void {
    this.#tables.replace(rules, (port) => this.#knownPort(port), this.#now());
    this.#caches = [];
    this.#nowMs = -1;
  }

  /** A frame arrives. What leaves the switch because of it, in order. */
  receive(portNo: number, frame: Uint8Array): Output[] {
    this.#begin();
    this.counters.received++;
    if (portNo !== PORT.local && !this.#ports.has(portNo)) {
      this.counters.fromAbsentPort++;
      return [];
    }
    if (this.#isRunt(frame)) return [];
    const packet = this.#packet;
    packet.reset(frame);
    const key = this.#keys[0]!;
    key.fill(0, 0, PACKET_WORD);
    key[W.inPort] = portNo;
    extractKey(packet, key);
    this.#pass(packet, key, 0, 0);
    return this.#end();
  }

  /** `actions` on a packet that no port received (OpenFlow's packet-out). `inPort` is what `in_port` then means. */
  packetOut(
    inPort: number | "LOCAL" | "CONTROLLER",
    actions: readonly Action[],
    bytes: Uint8Array,
  ): Output[] {
    this.#begin();
    if (this.#isRunt(bytes)) return [];
    const packet = this.#packet;
    packet.reset(bytes);
    const key = this.#keys[0]!;
    key.fill(0, 0, PACKET_WORD);
    key[W.inPort] =
      inPort === "LOCAL" ? PORT.local : inPort === "CONTROLLER" ? PORT.controller : inPort;
    extractKey(packet, key);
    const program = new Walk(this.#pipeline, key).runActions(actions);
    this.#perform(packet, program, key, 0);
    return this.#end();
  }

  /** Forgets connections: all, or those of a zone, or with an address at either end. How many it were. */
  flushConntrack(filter: { zone?: number; address?: string } = {}): number {
    const { table } = this.conntrack;
    const gone = table.live(this.#now()).filter(({ original, reply }) => {
      if (filter.zone !== undefined && original.zone !== filter.zone) return false;
      if (filter.address === undefined) return true;
      return [...tupleAddresses(original), ...tupleAddresses(reply)].includes(filter.address);
    });
    for (const connection of gone) table.remove(connection);
    this.#nowMs = -1;
    return gone.length;
  }

  /** Every rule with its counters, by table and falling priority. */
  dumpFlows(): FlowStatistics[] {
    return this.#tables.entries().map(({ rule, packets, bytes }) => ({ rule, packets, bytes }));
  }

  /** Every connection as a line of `dpctl/dump-conntrack`, sorted. */
  dumpConntrack(): string[] {
    const lines = this.conntrack.table.live(this.#now()).map(formatConnection).sort();
    this.#nowMs = -1;
    return lines;
  }

  #isRunt(frame: Uint8Array): boolean {
    if (frame.length >= ETHERNET_BYTES) return false;
    this.counters.runts++;
    return true;
  }

  #begin(): void {
    this.#nowMs = -1;
    this.#outputs = [];
    if (this.#tables.nextExpiryMs !== Number.POSITIVE_INFINITY) this.#expireFlows();
  }

  #end(): Output[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    this.counters.outputs += outputs.length;
    return outputs;
  }

  #now(): number {
    if (this.#nowMs < 0) this.#nowMs = Number(this.#clock.nowNs()) / 1e6;
    return this.#nowMs;
  }

  #expireFlows(): void {
    if (this.#tables.expire(this.#now())) this.#caches = [];
  }

  readonly #pipeline = {
    table: (number: number) => this.#tables.table(number),
    portNumber: (port: PortRef) =>
      typeof port === "number" ? port : (this.#portNumbers.get(port) ?? PORT.none),
  };

  #knownPort(port: PortRef): number {
    if (typeof port === "number") return port;
    const number = this.#portNumbers.get(port);
    if (number === undefined) throw new InputError(`${this.name} has no port named "${port}"`);
    return number;
  }

  /** One walk through the tables from `table` on, from the cache where another packet went the same way. */
  #pass(packet: Packet, key: Int32Array, table: number, depth: number): void {
    let cache = this.#caches[table];
    if (cache === undefined) {
      cache = new FlowCache(this.#limits.flowCacheSlots);
      this.#caches[table] = cache;
    }
    let program = cache.find(key);
    if (program === null) {
      const walk = new Walk(this.#pipeline, key);
      program = walk.run(table);
      cache.insert(key, walk.mask, program);
      this.counters.walks++;
    } else this.counters.cached++;
    this.#perform(packet, program, key, depth);
  }

  #perform(packet: Packet, program: Program, key: Int32Array, depth: number): void {
    const { entries } = program;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      entry.packets++;
      entry.bytes += packet.bytes.length;
      if (entry.rule.idleTimeout) entry.usedMs = this.#now();
    }
    if (program.dropped !== null) this.counters.dropped[program.dropped]++;
    else this.#run(packet, program.operations, key, depth);
  }

  #run(packet: Packet, operations: readonly Operation[], key: Int32Array, depth: number): void {
    for (let i = 0; i < operations.length; i++) {
      const operation = operations[i]!;
      switch (operation.op) {
        case "output":
          this.#emit(operation.port, packet);
          break;
        case "ct":
          if (packet.fragment !== 0) {
            this.#ctFragment(packet, operations, i, key, depth);
            return;
          }
          this.conntrack.execute(packet, operation, this.#now());
          break;
        case "recirculate": {
          const last = i === operations.length - 1;
          this.#recirculate(last ? packet : packet.clone(), operation, key, depth + 1);
          break;
        }
        case "write": {
          const { words } = operation;
          for (let j = 0; j < words.length; j += 3) {
            writeWord(packet, words[j]!, words[j + 1]!, words[j + 2]!);
          }
          break;
        }
        case "normal":
          this.#normal(packet, operation.inPort);
          break;
        case "flood":
          this.#flood(packet, operation.inPort);
          break;
        case "controller":
          this.#toController(packet, operation);
          break;
        case "push_vlan":
          packet.pushVlan(operation.ethType);
          break;
        case "pop_vlan":
          packet.popVlan();
          break;
        case "ct_clear":
          packet.ctClear();
          break;
        case "clone":
          this.#run(packet.clone(), operation.operations, key, depth);
          break;
        case "learn":
          this.#learn(operation.rule);
          break;
      }
    }
  }

  #learn(rule: Rule): void {
    if (this.#tables.size >= this.#limits.rulesWithLearnedMax) {
      this.counters.learnRefused++;
      return;
    }
    this.#tables.add(rule, (port) => this.#knownPort(port), this.#now());
    this.#caches = [];
  }

  /** `ct` on a fragment: what follows it is done for all fragments, once the last one is there. */
  #ctFragment(
    packet: Packet,
    operations: readonly Operation[],
    at: number,
    key: Int32Array,
    depth: number,
  ): void {
    const operation = operations[at]!;
    if (operation.op !== "ct") return;
    const rest = operations.slice(at + 1);
    const scope = `${operation.zone}|${depth}|${key[W.inPort]}`;
    const joined = this.fragments.accept(packet, scope, this.#now());
    if (joined === "invalid") {
      // A fragment as such is invalid to conntrack.
      this.conntrack.execute(packet, operation, this.#now());
      this.#run(packet, rest, key, depth);
    } else if (joined !== null) {
      this.conntrack.execute(joined.whole, operation, this.#now());
      takeOver(joined);
      for (const part of joined.parts) this.#run(part, rest, key, depth);
    }
  }

  #recirculate(
    packet: Packet,
    operation: Extract<Operation, { op: "recirculate" }>,
    before: Int32Array,
    depth: number,
  ): void {
    const key = this.#keys[depth];
    if (key === undefined) {
      this.counters.dropped.recirculation++;
      return;
    }
    if (packet.changed) {
      for (let w = 0; w < PIPELINE_WORDS; w++) key[w] = before[w]!;
      extractKey(packet, key);
    } else key.set(before);
    const { words } = operation;
    for (let j = 0; j < words.length; j += 3) {
      const w = words[j]!;
      key[w] = (key[w]! & ~words[j + 2]!) | words[j + 1]!;
    }
    fillCt(packet, key);
    this.#pass(packet, key, operation.table, depth);
  }

  #emit(port: number, packet: Packet): void {
    if (port === PORT.local) this.#outputs.push({ port: "LOCAL", bytes: packet.snapshot() });
    else if (this.#ports.has(port)) this.#outputs.push({ port, bytes: packet.snapshot() });
    else this.counters.toAbsentPort++;
  }

  #flood(packet: Packet, inPort: number): void {
    if (inPort !== PORT.local) this.#emit(PORT.local, packet);
    for (const port of this.#ports.keys()) if (port !== inPort) this.#emit(port, packet);
  }

  #normal(packet: Packet, inPort: number): void {
    const port = normalPort(packet, inPort, this.#macs, this.#now());
    if (port === "flood") this.#flood(packet, inPort);
    else if (port !== null) this.#emit(port, packet);
  }

  #toController(packet: Packet, operation: Extract<Operation, { op: "controller" }>): void {
    if (operation.reason === "no_match") this.counters.dropped.miss++;
    if (operation.reason !== "action" && !this.#packetIns) return;
    this.#outputs.push({
      port: "CONTROLLER",
      bytes: packet.snapshot().subarray(0, operation.maxLength),
      reason: operation.reason,
      table: operation.table,
    });
  }
}

/** What conntrack found, into the key of the next walk. */
function fillCt(packet: Packet, key: Int32Array): void {
  key[W.ctState] = packet.ctState;
  key[W.ctZone] = packet.ctZone;
  key[W.ctMark] = packet.ctMark;
  const { ctLabel, origin } = packet;
  for (let i = 0; i < 4; i++) key[W.ctLabel + i] = ctLabel === null ? 0 : ctLabel[i]!;
  key.fill(0, W.ctSrc, PACKET_WORD);
  if (origin === null) return;
  const { original } = origin;
  const { wide } = original;
  const last = wide === null ? 0 : 3;
  if (wide !== null) {
    for (let i = 0; i < 3; i++) {
      key[W.ctSrc + i] = wide[i]!;
      key[W.ctDst + i] = wide[3 + i]!;
    }
  }
  key[W.ctSrc + last] = original.source;
  key[W.ctDst + last] = original.destination;
  key[W.ctProto] = original.protocol & 0xff;
  const icmp = key[W.ctProto] === 1 || key[W.ctProto] === 58;
  key[W.ctTpSrc] = icmp ? original.sourcePort >> 16 : original.sourcePort;
  key[W.ctTpDst] = icmp ? 0 : original.destinationPort;
}
