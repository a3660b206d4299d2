/** A shared allowance of bytes. What holds bytes takes from it first, so that many small buffers stay bounded as well. */
export class Budget {
  readonly bytesMax: number;
  #used = 0;
  #peak = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Take `bytes`; false, and nothing taken, when they are not left. */
  take(bytes: number): boolean {
    const used = this.#used + bytes;
    if (used > this.bytesMax) return false;
    this.#used = used;
    if (used > this.#peak) this.#peak = used;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }

  get used(): number {
    return this.#used;
  }

  get peak(): number {
    return this.#peak;
  }
}
