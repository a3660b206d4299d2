import type { Clock } from "../../src/base/clock.ts";
import type { SWITCH_LIMITS } from "../../src/base/limits.ts";
import type { Random } from "../../src/base/random.ts";
import type { Action } from "../../src/rule/action.ts";
import { PORT, type PortRef } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import { Fragments, takeOver } from "./conntrack/fragments.ts";
import type { Flavour } from "./conntrack/life.ts";
import { fillCt } from "./ct-fields.ts";
import type { FlowTables } from "./flow-tables.ts";
import type { Groups } from "./groups.ts";
import { extractKey } from "./key.ts";
import { PACKET_WORD, PIPELINE_WORDS, W, WORDS } from "./layout.ts";
import { MacTable } from "./mac-table.ts";
import { normalPort } from "./normal.ts";
import type { Observer } from "./observer.ts";
import type { Frozen, Operation, Program } from "./operation.ts";
import { type Output, zeroCounters } from "./output.ts";
import { Packet } from "./packet.ts";
import { packetInOf } from "./packet-in.ts";
import type { Ports } from "./ports.ts";
import { symmetricHash } from "./symmetric-hash.ts";
import { Walk } from "./walk.ts";
import { Walks } from "./walks.ts";
import { writeWord } from "./write-field.ts";

const ETHERNET_BYTES = 14;

export type SwitchLimits = { readonly [K in keyof typeof SWITCH_LIMITS]: number };

export interface DatapathOptions {
  readonly ports: Ports;
  readonly tables: FlowTables;
  readonly groups: Groups;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SwitchLimits;
  readonly flavour: Flavour;
  /** Whether somebody takes packet-ins for table misses and expired TTLs. */
  readonly packetIns: boolean;
}

/** What happens to packets: walks through the tables, their results, and what these do to the packet. */
export class Datapath {
  readonly counters = zeroCounters();
  readonly conntrack: Conntrack;
  readonly fragments: Fragments;
  /** Who sees what happens to packets; `null`: nobody, and walks come from the cache where they can. */
  observer: Observer | null = null;
  readonly #ports: Ports;
  readonly #tables: FlowTables;
  readonly #groups: Groups;
  readonly #clock: Clock;
  readonly #limits: SwitchLimits;
  readonly #packetIns: boolean;
  readonly #macs: MacTable;
  readonly #walks: Walks;
  /** One key for each depth of recirculation; reused for every packet. */
  readonly #keys: Int32Array[];
  readonly #packet = new Packet(new Uint8Array(0));
  #outputs: Output[] = [];
  /** Read from the clock at most once per packet; -1: not yet. */
  #nowMs = -1;
  readonly #pipeline = {
    table: (number: number) => this.#tables.table(number),
    groupLists: (group: number, hash: () => number) => this.#groups.lists(group, hash),
    portNumber: (port: PortRef) =>
      typeof port === "number" ? port : (this.#ports.names.get(port) ?? PORT.none),
  };

  constructor(options: DatapathOptions) {
    this.#ports = options.ports;
    this.#tables = options.tables;
    this.#groups = options.groups;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#packetIns = options.packetIns;
    this.#macs = new MacTable(options.limits);
    this.conntrack = new Conntrack(
      options.random.fork("conntrack"),
      options.limits,
      options.flavour,
    );
    this.fragments = new Fragments(options.limits);
    this.#walks = new Walks(this.#pipeline, options.limits.flowCacheSlots, this.counters);
    const depths = options.limits.recirculationsMax + 1;
    this.#keys = Array.from({ length: depths }, () => new Int32Array(WORDS));
  }

  /** After a change of rules or ports: results of earlier walks hold no more. */
  forgetResults(): void {
    this.#walks.forget();
  }

  forgetPort(no: number): void {
    this.#macs.forgetPort(no);
    this.forgetResults();
  }

  /** See Switch.receive. */
  receive(portNo: number, frame: Uint8Array): Output[] {
    this.counters.received++;
    const isReserved = portNo === PORT.local || portNo === PORT.controller;
    if (!isReserved && !this.#ports.has(portNo)) {
      this.counters.fromAbsentPort++;
      return [];
    }
    const key = this.#ports.config(portNo).receives ? this.#begin(portNo, frame) : null;
    if (key !== null) this.#pass(this.#packet, key, 0, 0);
    return this.#end();
  }

  /** See Switch.packetOut. */
  packetOut(inPort: number, actions: readonly Action[], bytes: Uint8Array): Output[] {
    const key = this.#begin(inPort, bytes);
    if (key !== null) {
      const program = new Walk(this.#pipeline, key).runActions(actions);
      this.#perform(this.#packet, program, key, 0);
    }
    return this.#end();
  }

  /** The key of the packet, or `null` for a frame that is none. */
  #begin(inPort: number, frame: Uint8Array): Int32Array | null {
    this.#nowMs = -1;
    this.#outputs = [];
    if (frame.length < ETHERNET_BYTES) {
      this.counters.runts++;
      return null;
    }
    if (this.#tables.nextExpiryMs !== Number.POSITIVE_INFINITY) {
      if (this.#tables.expire(this.#now())) this.forgetResults();
    }
    this.#packet.reset(frame);
    const key = this.#keys[0]!;
    key.fill(0, 0, PACKET_WORD);
    key[W.inPort] = inPort;
    extractKey(this.#packet, key);
    return key;
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

  /** One walk through the tables from `table` on, or on with what another one left (`frozen`). */
  #pass(
    packet: Packet,
    key: Int32Array,
    table: number,
    depth: number,
    frozen: Frozen | null = null,
  ): void {
    const { observer } = this;
    if (observer === null) {
      this.#perform(packet, this.#walks.find(key, table, frozen), key, depth);
      return;
    }
    observer.beginPass(table, key);
    const program = this.#walks.watch(observer, key, table, frozen);
    observer.endWalk(program);
    this.#perform(packet, program, key, depth);
    observer.endPass();
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
    const { observer } = this;
    for (let i = 0; i < operations.length; i++) {
      const operation = operations[i]!;
      if (observer !== null) observer.beginOperation(operation, packet);
      switch (operation.op) {
        case "output":
          this.#emit(operation.port, packet, cutLength(operation));
          break;
        case "ct":
          if (packet.fragment !== 0 || this.fragments.held > 0) {
            this.#ctFragment(packet, operations, i, key, depth);
            if (observer !== null) observer.endOperation(operation, packet, this.#outputs);
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
          this.#normal(packet, operation);
          break;
        case "flood":
          this.#flood(packet, operation.inPort, operation.toAll);
          break;
        case "controller":
          this.#toController(packet, operation, key);
          break;
        case "push_vlan":
          packet.pushVlan(operation.ethType, operation.tci);
          break;
        case "pop_vlan":
          packet.popVlan();
          break;
        case "ct_clear":
          packet.ctClear();
          break;
        case "hash":
          packet.dpHash = symmetricHash(packet);
          break;
        case "clone":
          this.#run(packet.clone(), operation.operations, key, depth);
          break;
        case "learn":
          this.#learn(operation.rule);
          break;
      }
      if (observer !== null) observer.endOperation(operation, packet, this.#outputs);
    }
  }

  #learn(rule: Rule): void {
    if (this.#tables.size >= this.#limits.rulesWithLearnedMax) {
      this.counters.learnRefused++;
      return;
    }
    this.#tables.learn(rule, (port) => this.#ports.number(port), this.#now());
    this.#walks.forget();
  }

  /** `ct` while there are fragments: what follows it is done for all of a packet, once the last one is there. */
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
    const whole = packet.fragment === 0;
    const joined = whole ? "whole" : this.fragments.accept(packet, scope, this.#now());
    let packets: readonly Packet[] = [];
    if (joined === "invalid" || joined === "whole") {
      // A fragment as such is invalid to conntrack.
      this.conntrack.execute(packet, operation, this.#now());
      packets = [packet];
    } else if (joined !== null) {
      this.conntrack.execute(joined.whole, operation, this.#now());
      takeOver(joined);
      packets = joined.parts;
    }
    // Fragments whose time is over go on behind whatever conntrack sees next, even if that is held.
    const expired = this.fragments.takeExpired(packet.ethType, this.#now());
    this.#runTogether([...packets, ...expired], rest, key, depth);
  }

  /** Each operation for all packets before the next one, up to another `ct`, which holds them one by one. */
  #runTogether(
    packets: readonly Packet[],
    operations: readonly Operation[],
    key: Int32Array,
    depth: number,
  ): void {
    for (const [i, operation] of operations.entries()) {
      const isLast = i === operations.length - 1;
      if (operation.op === "ct") {
        for (const packet of packets) this.#run(packet, operations.slice(i), key, depth);
        return;
      }
      // What goes through another table must not change what the next operation sees.
      const separate = operation.op === "recirculate" && !isLast;
      for (const packet of packets)
        this.#run(separate ? packet.clone() : packet, [operation], key, depth);
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
    key[W.dpHash] = packet.dpHash;
    fillCt(packet, key);
    this.#pass(packet, key, operation.table, depth, operation.frozen);
  }

  #emit(port: number, packet: Packet, maxLength: number = Number.POSITIVE_INFINITY): void {
    if (!this.#ports.config(port).forwards) return;
    if (port !== PORT.local && !this.#ports.has(port)) {
      this.counters.toAbsentPort++;
      return;
    }
    const whole = packet.snapshot();
    const bytes = whole.length > maxLength ? whole.subarray(0, maxLength) : whole;
    this.#outputs.push({ port: port === PORT.local ? "LOCAL" : port, bytes });
  }

  #flood(packet: Packet, inPort: number, toAll = false): void {
    for (const port of [PORT.local, ...this.#ports.numbers]) {
      if (port !== inPort && (toAll || this.#ports.config(port).floods)) this.#emit(port, packet);
    }
  }

  #normal(packet: Packet, { inPort, vlan }: Extract<Operation, { op: "normal" }>): void {
    const port = normalPort(packet, inPort, vlan, this.#macs, this.#now());
    if (port === "flood") this.#flood(packet, inPort);
    else if (port !== null) this.#emit(port, packet);
  }

  #toController(
    packet: Packet,
    operation: Extract<Operation, { op: "controller" }>,
    before: Int32Array,
  ): void {
    const { byRule, reason, id } = operation;
    if (!byRule && reason === "no_match") this.counters.dropped.miss++;
    if (id !== 0 || (!byRule && !this.#packetIns)) return;
    this.#outputs.push({
      port: "CONTROLLER",
      // Whole, whatever the action's max_len: nothing is buffered, so the controller gets all (OpenFlow 1.3, 7.4.1).
      bytes: packet.snapshot(),
      packetIn: packetInOf(packet, operation, before),
    });
  }
}

function cutLength({ maxLength, grown = 0 }: Extract<Operation, { op: "output" }>): number {
  return maxLength === undefined ? Number.POSITIVE_INFINITY : maxLength + grown;
}
