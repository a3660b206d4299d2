/** What arrives for one reader: taken in the order of arrival, or waited for. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #closed: () => Error;
  #end: Error | null = null;
  #waiting: { resolve: (item: T) => void; reject: (error: Error) => void } | null = null;

  /** `closed` makes the error for whoever takes from a closed inbox. */
  constructor(closed: () => Error) {
    this.#closed = closed;
  }

  put(item: T): void {
    if (this.#end !== null) return;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#items.push(item);
    else waiting.resolve(item);
  }

  /** What has arrived can still be taken; after that there is only this error. */
  fail(error: Error): void {
    this.#end ??= error;
    this.#waiting?.reject(this.#end);
    this.#waiting = null;
  }

  close(): void {
    this.fail(this.#closed());
  }

  take(): Promise<T> {
    const [first] = this.#items;
    if (first !== undefined) {
      this.#items.shift();
      return Promise.resolve(first);
    }
    if (this.#end !== null) return Promise.reject(this.#end);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting = { resolve, reject };
    return promise;
  }
}
