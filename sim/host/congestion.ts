import { TCP } from "./tcp-parameters.ts";

/** How many bytes may be in flight: slow start, congestion avoidance (RFC 5681), fast recovery (NewReno, RFC 6582). */
export class Congestion {
  readonly #mss: number;
  #window: number;
  #threshold = Number.POSITIVE_INFINITY;
  #duplicates = 0;
  #recovering = false;
  /** Offset that was sent last when loss was noticed: until it is acknowledged that loss is not counted again. */
  #recover = 0;

  constructor(mss: number) {
    this.#mss = mss;
    this.#window = TCP.initialWindowSegments * mss;
  }

  get window(): number {
    return this.#window;
  }

  get recovering(): boolean {
    return this.#recovering;
  }

  /**
   * New data was acknowledged up to `una`. True where it is a partial acknowledgement in recovery: the segment at `una`
   * is lost, too.
   */
  acknowledged(bytes: number, una: number, inFlight: number): boolean {
    this.#duplicates = 0;
    if (this.#recovering) {
      if (una >= this.#recover) {
        this.#recovering = false;
        this.#window = Math.min(this.#threshold, Math.max(inFlight, this.#mss) + this.#mss);
        return false;
      }
      const deflated = this.#window - bytes + (bytes >= this.#mss ? this.#mss : 0);
      this.#window = Math.max(deflated, this.#mss);
      return true;
    }
    if (this.#window < this.#threshold) this.#window += Math.min(bytes, this.#mss);
    else this.#window += (this.#mss * this.#mss) / this.#window;
    return false;
  }

  /** An acknowledgement brought nothing new. True where the segment at `una` must be sent again at once. */
  duplicate(una: number, sentMax: number, inFlight: number): boolean {
    this.#duplicates++;
    if (this.#recovering) {
      this.#window += this.#mss;
      return false;
    }
    if (this.#duplicates !== 3 || una <= this.#recover) return false;
    this.#threshold = Math.max(inFlight / 2, 2 * this.#mss);
    this.#window = this.#threshold + 3 * this.#mss;
    this.#recovering = true;
    this.#recover = sentMax;
    return true;
  }

  timedOut(sentMax: number, inFlight: number): void {
    this.#threshold = Math.max(inFlight / 2, 2 * this.#mss);
    this.#window = this.#mss;
    this.#duplicates = 0;
    this.#recovering = false;
    this.#recover = sentMax;
  }
}
