import type { Connection } from "./connection.ts";
import { hashTuple, sameTuple, type Tuple } from "./tuple.ts";

/** The tuple of the answers to a translated connection, as it stands in the table. */
export interface Answers {
  readonly tuple: Tuple;
  readonly connection: Connection;
  /** The next in the same bucket. */
  next: Answers | null;
}

/** Translated connections by the tuple of their answers: a chained hash table, the last one to come first. */
export class AnswersTable {
  #buckets: (Answers | null)[] = new Array<Answers | null>(64).fill(null);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  insert(answers: Answers): void {
    if (this.#size >= this.#buckets.length) this.#grow();
    const at = this.#bucket(answers.tuple);
    answers.next = this.#buckets[at] ?? null;
    this.#buckets[at] = answers;
    this.#size++;
  }

  remove(answers: Answers): void {
    const at = this.#bucket(answers.tuple);
    let before: Answers | null = null;
    for (let node = this.#buckets[at] ?? null; node !== null; node = node.next) {
      if (node === answers) {
        if (before === null) this.#buckets[at] = node.next;
        else before.next = node.next;
        this.#size--;
        return;
      }
      before = node;
    }
  }

  /** The first connection with these answers that `fits`. */
  find(tuple: Tuple, fits: (connection: Connection) => boolean): Connection | null {
    let node = this.#buckets[this.#bucket(tuple)] ?? null;
    for (; node !== null; node = node.next) {
      if (sameTuple(node.tuple, tuple) && fits(node.connection)) return node.connection;
    }
    return null;
  }

  forEach(visit: (answers: Answers) => void): void {
    for (const head of this.#buckets)
      for (let node = head; node !== null; node = node.next) visit(node);
  }

  #bucket(tuple: Tuple): number {
    return hashTuple(tuple) & (this.#buckets.length - 1);
  }

  #grow(): void {
    const old: Answers[] = [];
    this.forEach((answers) => {
      old.push(answers);
    });
    this.#buckets = new Array<Answers | null>(this.#buckets.length * 2).fill(null);
    this.#size = 0;
    for (const answers of old.reverse()) this.insert(answers);
  }
}
