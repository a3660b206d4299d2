import { REPLAY_LIMITS } from "../base/limits.ts";
import { type Endpoint, formatEndpoint } from "../base/net.ts";
import { LABELS, type Label, type LabelledBytes, labelOf, type Span, sumSpans } from "./label.ts";

/** One answer that was given. */
export interface AnswerRecord {
  readonly timeNs: bigint;
  /** `address:port` as which the answer was given. */
  readonly server: string;
  readonly method: string;
  readonly uri: string;
  readonly label: Label;
  readonly bytes: LabelledBytes;
}

export interface AnswerTotals {
  /** Requests that were answered: from the tape, or by the miss policy. */
  readonly answers: number;
  /** Those that the miss policy answered. */
  readonly misses: number;
  readonly answersByLabel: Readonly<Record<Label, number>>;
  readonly bytes: LabelledBytes;
  /** Records that did not fit into the log any more; the totals hold them all the same. */
  readonly unlogged: number;
}

const zeros = () => ({ recorded: 0, substituted: 0, refused: 0 });

/** Every answer in the order in which it was given, and the totals. The log is bounded, the totals are not. */
export class AnswerLog {
  readonly #records: AnswerRecord[] = [];
  readonly #bytes = zeros();
  readonly #answersByLabel = zeros();
  #answers = 0;
  #unlogged = 0;

  add(
    timeNs: bigint,
    server: Endpoint,
    request: { readonly method: string; readonly uri: string },
    spans: readonly Span[],
  ): AnswerRecord {
    const bytes = sumSpans(spans);
    const record: AnswerRecord = {
      timeNs,
      server: formatEndpoint(server),
      method: request.method,
      uri: request.uri,
      label: labelOf(spans),
      bytes,
    };
    this.#answers++;
    this.#answersByLabel[record.label]++;
    for (const label of LABELS) this.#bytes[label] += bytes[label];
    if (this.#records.length < REPLAY_LIMITS.answerRecordsMax) this.#records.push(record);
    else this.#unlogged++;
    return record;
  }

  get records(): readonly AnswerRecord[] {
    return this.#records;
  }

  totals(): AnswerTotals {
    return {
      answers: this.#answers,
      misses: this.#answersByLabel.refused,
      answersByLabel: { ...this.#answersByLabel },
      bytes: { ...this.#bytes },
      unlogged: this.#unlogged,
    };
  }
}
