import { FLOW_LIMITS, HTTP_LIMITS } from "../base/limits.ts";
import { Budget } from "../flow/budget.ts";
import { FlowCounts } from "../flow/counts.ts";
import { FragmentTable } from "../flow/fragments.ts";
import { Moment } from "../flow/handler.ts";
import { FlowTracker } from "../flow/tracker.ts";
import { dissect } from "../wire/dissect.ts";
import { Dissection, OUTCOME, OUTCOME_NAMES } from "../wire/dissection.ts";
import { Conversation, type ConversationContext } from "./conversation.ts";
import { HttpCounts } from "./counts.ts";
import { classifyStart, START } from "./start-line.ts";
import type { Transaction } from "./transaction.ts";

export interface ExtractorOptions {
  /** Keep the bytes of each message (`Transaction.raw`). */
  readonly keepBytes?: boolean;
  /** Called when a transaction is complete, or when it is certain that it will not be. */
  onTransaction(transaction: Transaction): void;
  readonly limits?: {
    readonly flowsMax?: number;
    readonly connectionsMax?: number;
    readonly heldBytesMax?: number;
  };
}

/** A captured or live packet. `timeNs` is read only when needed. */
export interface ExtractorRecord {
  readonly timeNs: bigint;
  readonly bytes: Uint8Array;
  /** Length on the wire where the capture cut the packet. */
  readonly originalLength?: number;
}

/** From packets to HTTP transactions: feed it frames in the order of capture, then `finish`. Bytes are not kept or changed. */
export class Extractor {
  readonly #dissection = new Dissection();
  readonly #outcomes = new Float64Array(OUTCOME_NAMES.length);
  readonly #flowCounts = new FlowCounts();
  readonly #httpCounts = new HttpCounts();
  readonly #moment = new Moment();
  readonly #tracker: FlowTracker;
  readonly #fragments: FragmentTable;
  #packets = 0;
  #firstNs: bigint | null = null;

  constructor(options: ExtractorOptions) {
    const { limits = {} } = options;
    const budget = new Budget(limits.heldBytesMax ?? FLOW_LIMITS.heldBytesMax);
    const context: ConversationContext = {
      moment: this.#moment,
      counts: this.#httpCounts,
      heads: budget,
      raw: options.keepBytes === true ? new Budget(HTTP_LIMITS.rawBytesMax) : null,
      order: 0,
      onTransaction: (transaction) => options.onTransaction(transaction),
    };
    this.#fragments = new FragmentTable(this.#flowCounts, budget);
    this.#tracker = new FlowTracker({
      counts: this.#flowCounts,
      budget,
      moment: this.#moment,
      createHandler: () => new Conversation(context),
      wakes,
      ...(limits.flowsMax === undefined ? {} : { flowsMax: limits.flowsMax }),
      ...(limits.connectionsMax === undefined ? {} : { connectionsMax: limits.connectionsMax }),
    });
  }

  /** Time of the first packet, from which the records count; `null` before it. */
  get firstNs(): bigint | null {
    return this.#firstNs;
  }

  /** The next packet. `linkType` is the capture's LINKTYPE number (1: Ethernet). */
  frame(linkType: number, record: ExtractorRecord): void {
    const { bytes } = record;
    this.packet(linkType, record, bytes, 0, bytes.length, record.originalLength ?? bytes.length);
  }

  /** As `frame`, for a reader that keeps many packets in one buffer: the packet is bytes[start, end). */
  packet(
    linkType: number,
    time: { readonly timeNs: bigint },
    bytes: Uint8Array,
    start: number,
    end: number,
    originalLength: number,
  ): void {
    if (this.#packets++ === 0) this.#firstNs = time.timeNs;
    const d = this.#dissection;
    this.#moment.at(time);
    const outcome = dissect(d, linkType, bytes, start, end, originalLength);
    this.#outcomes[outcome]!++;
    if (outcome === OUTCOME.tcp) this.#tracker.segment(d, bytes);
    else if (outcome === OUTCOME.fragment) this.#fragment(bytes, time.timeNs);
  }

  /** The dissection is of a fragment. What it completes may be a tunnel's datagram that holds a fragment again. */
  #fragment(bytes: Uint8Array, nowNs: bigint): void {
    const d = this.#dissection;
    let datagram = this.#fragments.add(d, bytes, nowNs);
    while (datagram !== null && d.outcome === OUTCOME.fragment) {
      datagram = this.#fragments.add(d, datagram, nowNs);
    }
    if (datagram !== null && d.outcome === OUTCOME.tcp) this.#tracker.segment(d, datagram);
  }

  /** The capture is over: transactions that are still open are handed out as they are. */
  finish(): void {
    this.#fragments.finish();
    this.#tracker.finish();
  }

  /** Everything that was counted, by name; what never happened is left out. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = { packets: this.#packets };
    for (const [outcome, name] of OUTCOME_NAMES.entries()) {
      const count = this.#outcomes[outcome]!;
      if (count > 0) counts[name] = count;
    }
    const { requests, responses, interimResponses, transactions, tunnels } = this.#httpCounts;
    const found = { requests, responses, interimResponses, transactions, tunnels };
    for (const [name, count] of Object.entries({ ...this.#flowCounts, ...found })) {
      if (count > 0) counts[name] = count;
    }
    for (const [name, count] of this.#httpCounts.anomalies()) counts[name] = count;
    return counts;
  }
}

function wakes(bytes: Uint8Array, start: number, end: number): boolean {
  const kind = classifyStart(bytes, start, end);
  return kind === START.request || kind === START.response || kind === START.likely;
}
