/** Segments of a stream that are remembered; a retransmission repeats one of the last few. A power of two. */
const SEGMENTS = 4;

/** Where a segment is sampled: most of its beginning, then ever more thinly, as far as Ethernet's segments reach. */
const OFFSETS = Int32Array.of(
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 21, 24, 28, 33, 38, 45, 53],
  ...[64, 80, 101, 127, 160, 202, 300, 500, 800, 1_300],
);
const SAMPLES = OFFSETS.length;

/**
 * Traces of the last segments that were delivered, to tell whether a retransmission repeats the same bytes (an injected
 * answer does not). Delivered bytes are not kept, so this is a check by sample: it may miss a difference, and never sees
 * one that is none.
 */
export class History {
  readonly #sequences = new Int32Array(SEGMENTS);
  readonly #lengths = new Int32Array(SEGMENTS);
  readonly #samples = new Uint8Array(SEGMENTS * SAMPLES);
  #at = 0;
  #count = 0;

  reset(): void {
    this.#at = 0;
    this.#count = 0;
  }

  /** Remember bytes[start, end), delivered at `sequence`. */
  note(sequence: number, bytes: Uint8Array, start: number, end: number): void {
    const at = this.#at;
    this.#at = (at + 1) & (SEGMENTS - 1);
    if (this.#count < SEGMENTS) this.#count++;
    const length = end - start;
    this.#sequences[at] = sequence;
    this.#lengths[at] = length;
    const samples = this.#samples;
    const base = at * SAMPLES;
    for (let i = 0; i < SAMPLES; i++) {
      const offset = OFFSETS[i]!;
      if (offset >= length) break;
      samples[base + i] = bytes[start + offset]!;
    }
  }

  /** True when bytes[start, end) at `sequence` are not what was delivered there. */
  differs(sequence: number, bytes: Uint8Array, start: number, end: number): boolean {
    for (let entry = 0; entry < this.#count; entry++) {
      if (this.#sequences[entry] !== sequence) continue;
      const shared = Math.min(this.#lengths[entry]!, end - start);
      const base = entry * SAMPLES;
      for (let i = 0; i < SAMPLES; i++) {
        const offset = OFFSETS[i]!;
        if (offset >= shared) break;
        if (this.#samples[base + i] !== bytes[start + offset]) return true;
      }
    }
    return false;
  }
}
