/** Segments of a stream that are remembered; a retransmission repeats one of the last few. A power of two. */
const SEGMENTS = 4;

/** Where a segment is sampled: most of its beginning, then ever more thinly, as far as Ethernet's segments reach. */
const OFFSETS = Int32Array.of(
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 21, 24, 28, 33, 38, 45, 53],
  ...[64, 80, 101, 127, 160, 202, 300, 500, 800, 1_300],
);
const SAMPLES = OFFSETS.length;

/** And counted from its end: what overlaps a segment only in part and begins later reaches over its last byte. */
const END_OFFSETS = Int32Array.of(1, 2, 3, 4, 6, 9, 13, 19, 28, 42, 63, 94);
const END_SAMPLES = END_OFFSETS.length;

/** Bytes of one segment's trace: sequence and length (four each), then the samples. */
const TRACE_BYTES = 8 + SAMPLES + END_SAMPLES;
const HISTORY_BYTES = SEGMENTS * TRACE_BYTES;
/** Histories that share one array: on their own they would cost four times their content. */
const SHARED = 256;

/** Where histories get their memory. */
export class HistoryMemory {
  #block = new Uint8Array(0);
  #used = 0;

  create(): History {
    if (this.#used + HISTORY_BYTES > this.#block.length) {
      this.#block = new Uint8Array(SHARED * HISTORY_BYTES);
      this.#used = 0;
    }
    const history = new History(this.#block, this.#used);
    this.#used += HISTORY_BYTES;
    return history;
  }
}

/**
 * Traces of the last segments that were delivered, to tell whether a retransmission repeats the same bytes (an injected
 * answer does not). Delivered bytes are not kept, so this is a check by sample: it may miss a difference, and never sees
 * one that is none.
 */
export class History {
  readonly #memory: Uint8Array;
  readonly #base: number;
  #at = 0;
  #count = 0;

  constructor(memory: Uint8Array, base: number) {
    this.#memory = memory;
    this.#base = base;
  }

  reset(): void {
    this.#at = 0;
    this.#count = 0;
  }

  /** Remember bytes[start, end), delivered at `sequence`. */
  note(sequence: number, bytes: Uint8Array, start: number, end: number): void {
    const memory = this.#memory;
    const base = this.#base + this.#at * TRACE_BYTES;
    this.#at = (this.#at + 1) & (SEGMENTS - 1);
    if (this.#count < SEGMENTS) this.#count++;
    const length = end - start;
    write32(memory, base, sequence);
    write32(memory, base + 4, length);
    for (let i = 0; i < SAMPLES; i++) {
      const offset = OFFSETS[i]!;
      if (offset >= length) break;
      memory[base + 8 + i] = bytes[start + offset]!;
    }
    const endsAt = base + 8 + SAMPLES;
    for (let i = 0; i < END_SAMPLES; i++) {
      const offset = END_OFFSETS[i]!;
      if (offset > length) break;
      memory[endsAt + i] = bytes[end - offset]!;
    }
  }

  /** True when bytes[start, end) at `sequence` are not what was delivered there, wherever the segments began then. */
  differs(sequence: number, bytes: Uint8Array, start: number, end: number): boolean {
    for (let entry = 0; entry < this.#count; entry++) {
      const base = this.#base + entry * TRACE_BYTES;
      const from = start + ((read32(this.#memory, base) - sequence) | 0);
      const to = from + read32(this.#memory, base + 4);
      if (from < end && to > start && this.#traceDiffers(base, from, to, bytes, start, end)) {
        return true;
      }
    }
    return false;
  }

  /** Compare the trace at `base`, whose segment would stand at bytes[from, to), where that is in bytes[start, end). */
  #traceDiffers(
    base: number,
    from: number,
    to: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    const memory = this.#memory;
    const last = Math.min(to, end);
    for (let i = 0; i < SAMPLES; i++) {
      const at = from + OFFSETS[i]!;
      if (at >= last) break;
      if (at >= start && memory[base + 8 + i] !== bytes[at]) return true;
    }
    const endsAt = base + 8 + SAMPLES;
    for (let i = 0; i < END_SAMPLES; i++) {
      const at = to - END_OFFSETS[i]!;
      if (at < start || at < from) break;
      if (at < end && memory[endsAt + i] !== bytes[at]) return true;
    }
    return false;
  }
}

function write32(memory: Uint8Array, at: number, value: number): void {
  memory[at] = value;
  memory[at + 1] = value >> 8;
  memory[at + 2] = value >> 16;
  memory[at + 3] = value >> 24;
}

function read32(memory: Uint8Array, at: number): number {
  return memory[at]! | (memory[at + 1]! << 8) | (memory[at + 2]! << 16) | (memory[at + 3]! << 24);
}
