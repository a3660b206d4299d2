import type { Connection, NatKind } from "./connection.ts";
import { ConnectionTable } from "./connection-table.ts";
import { formatConnectionWith } from "./dump.ts";
import { parseSelection, zoneFlushed } from "./selection.ts";
import { bucketTable, connectionStatistics } from "./statistics.ts";
import type { Tuple } from "./tuple.ts";
import { ZoneLimits } from "./zone-limits.ts";

export interface ConntrackLimits {
  /** Most connections at once; beyond it nothing is committed, and the packet stays `+new`. */
  readonly connectionsMax: number;
}

/** The connections of one bridge: how many there may be, and what is told about them from outside. */
export class ConnectionBook {
  readonly table = new ConnectionTable();
  /** Commits refused because the table or the zone was full, or no translation was free. */
  readonly refused = { tableFull: 0, zoneFull: 0, natExhausted: 0 };
  /** Most connections at once (`dpctl/ct-set-maxconns`). */
  connectionsMax: number;
  readonly zoneLimits = new ZoneLimits();

  constructor(limits: ConntrackLimits) {
    this.connectionsMax = limits.connectionsMax;
  }

  /** `dpctl/dump-conntrack`, unsorted; `zone` only that, with `-m` (`more`) and `-s` (`statistics`). */
  dump(
    nowMs: number,
    options: {
      readonly zone?: number | undefined;
      readonly more?: boolean;
      readonly statistics?: boolean;
    } = {},
  ): string[] {
    const { zone, more = false, statistics = false } = options;
    const left = statistics ? { leftAtMs: nowMs } : {};
    return this.live(nowMs, zone).map((one) => formatConnectionWith(one, { more, ...left }));
  }

  /** `dpctl/ct-get-nconns`: with those that a packet has ended at this very time. */
  count(nowMs: number): number {
    this.table.sweep(nowMs);
    return this.table.size;
  }

  /** Connections that are not over yet, of all zones or of one. */
  live(nowMs: number, zone?: number): Connection[] {
    const all = this.table.live(nowMs);
    return zone === undefined ? all : all.filter((one) => one.zone === zone);
  }

  /** `dpctl/ct-stats-show`, with `-m` (`more`) TCP by states. */
  statistics(nowMs: number, more: boolean, zone?: number): string {
    return connectionStatistics(this.live(nowMs, zone), more);
  }

  /** `dpctl/ct-bkts [gt=N]`. */
  buckets(nowMs: number, atLeast = 0): string {
    return bucketTable(this.live(nowMs).length, atLeast);
  }

  /**
   * `dpctl/flush-conntrack` and `ovs-ofctl ct-flush`: forgets the connections that `[zone=N] [original [reply]]` means;
   * how many it were. Throws InputError for text that Open vSwitch refuses.
   */
  flush(args: readonly string[], nowMs: number): number {
    const isMeant = parseSelection(args);
    const gone = this.table.live(nowMs).filter(isMeant);
    for (const connection of gone) this.table.remove(connection);
    // A tuple names only what can be found; all of a zone means what is left of the dead, too.
    const zone = zoneFlushed(args);
    if (zone !== undefined) this.table.forgetKilled(zone);
    return gone.length;
  }

  /** Whether one more connection may begin; if not, it is counted why. */
  protected hasRoom(zone: number, nowMs: number): boolean {
    const isFull = () => this.table.size >= this.connectionsMax;
    if (isFull()) this.table.sweep(nowMs);
    if (isFull()) {
      this.refused.tableFull++;
      return false;
    }
    const pool = this.zoneLimits.pool(zone);
    if (pool === null) return true;
    if (pool.count >= pool.limit) this.table.sweep(nowMs);
    if (pool.count < pool.limit) return true;
    this.refused.zoneFull++;
    return false;
  }

  protected enter(
    original: Tuple,
    nat: NatKind | null,
    answers: Tuple | null,
    nowMs: number,
  ): Connection {
    const connection = this.table.insert(original, nat, answers, nowMs);
    const pool = this.zoneLimits.pool(connection.zone);
    if (pool === null) return connection;
    connection.pool = pool;
    pool.count++;
    return connection;
  }
}
