import type { Timers } from "../src/base/clock.ts";
import { LINK_LIMITS } from "../src/base/limits.ts";

/** Why `run` returned: the condition holds, the deadline came, or nothing is left to happen. */
export type RunEnd = "condition" | "deadline" | "idle";

export interface RunOptions {
  /** Asked before each event at which no program is about to run. */
  readonly until?: () => boolean;
  /** Virtual time, nanoseconds. Events after it stay queued; the time then is the deadline. */
  readonly deadlineNs?: number;
}

/** An event that waits in the queue. Keep it only to cancel it. */
export interface Scheduled {
  /** Virtual time, nanoseconds. */
  readonly timeNs: number;
}

/** The handle as the queue sees it: `index` is its place in the heap, -1 once it is out. */
class Event implements Scheduled {
  timeNs = 0;
  sequence = 0;
  index = -1;
  run: (argument: unknown) => void = nothing;
  argument: unknown;
  /** Nobody holds a handle: the object serves again once the event has happened. */
  isReusable = false;
}

function nothing(): void {}

const SPARE_EVENTS_MAX = LINK_LIMITS.spareEventsMax;

/**
 * Virtual time: a queue of events ordered by time, then by the order in which they were scheduled. Nothing waits for a
 * real clock, so the same program gives the same order each time.
 *
 * Programs are async functions. Before time goes on they are let run until each of them waits for an event again; this
 * costs a turn of the real event loop, so it happens only where an event woke a program (`wake`), and once for all
 * events of one instant. Times are whole nanoseconds in a number: exact for 104 days.
 */
export class Scheduler implements Timers {
  readonly #heap: Event[] = [];
  readonly #spare: Event[] = [];
  #nowNs = 0;
  #sequence = 0;
  #awake = true;
  #running = false;
  #executed = 0;
  #turns = 0;

  nowNs(): bigint {
    return BigInt(this.#nowNs);
  }

  /** The time as a number, for code that runs for each packet. */
  get nowNumber(): number {
    return this.#nowNs;
  }

  /** Events that wait. */
  get pending(): number {
    return this.#heap.length;
  }

  /** Events that have happened, and turns of the real event loop that programs were given. */
  get executed(): number {
    return this.#executed;
  }

  get turns(): number {
    return this.#turns;
  }

  /** Call `run(argument)` at this time, or as the next thing where it is past. It must call `wake` where it lets a program go on. */
  at<T>(timeNs: number, run: (argument: T) => void, argument: T): Scheduled;
  at(timeNs: number, run: () => void): Scheduled;
  at(timeNs: number, run: (argument: never) => void, argument?: unknown): Scheduled {
    if (!(timeNs < Number.MAX_SAFE_INTEGER)) throw new RangeError(`no such time: ${timeNs} ns`);
    const event = new Event();
    this.#put(event, timeNs, run as (argument: unknown) => void, argument);
    return event;
  }

  /** As `at`, for what is never cancelled: frames on a link, by the hundred thousand. */
  post<T>(timeNs: number, run: (argument: T) => void, argument: T): void {
    if (!(timeNs < Number.MAX_SAFE_INTEGER)) throw new RangeError(`no such time: ${timeNs} ns`);
    const event = this.#spare.pop() ?? new Event();
    event.isReusable = true;
    this.#put(event, timeNs, run as (argument: unknown) => void, argument);
  }

  /** Take an event out of the queue at once, so that it keeps nothing alive. No effect once it has happened. */
  cancel(scheduled: Scheduled): void {
    const event = scheduled as Event;
    const index = event.index;
    if (index < 0 || this.#heap[index] !== event) return;
    this.#takeOut(event);
  }

  after(ms: number, callback: () => void): () => void {
    const event = this.at(this.#nowNs + ms * 1e6, () => {
      // Whoever waits by `after` may settle a promise of its own.
      this.wake();
      callback();
    });
    return () => this.cancel(event);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Say that this event let a program go on: programs run until they wait again before time goes on. */
  wake(): void {
    this.#awake = true;
  }

  /** Let things happen, in order. An exception of an event ends the run and rejects. */
  async run(options: RunOptions = {}): Promise<RunEnd> {
    if (this.#running) throw new Error("the scheduler is running already");
    this.#running = true;
    // Whoever calls may have started programs, or may have let them go on between two runs.
    this.#awake = true;
    const { until, deadlineNs = Number.POSITIVE_INFINITY } = options;
    try {
      for (;;) {
        while (this.#awake && this.#heap[0]?.timeNs !== this.#nowNs) {
          this.#awake = false;
          this.#turns++;
          await microtasksDone();
        }
        if (!this.#awake && until?.()) return "condition";
        const next = this.#heap[0];
        if (next === undefined) return "idle";
        if (next.timeNs > deadlineNs) {
          this.#nowNs = Math.max(this.#nowNs, deadlineNs);
          return "deadline";
        }
        this.#takeOut(next);
        this.#nowNs = next.timeNs;
        this.#executed++;
        const { run, argument } = next;
        if (next.isReusable && this.#spare.length < SPARE_EVENTS_MAX) {
          next.argument = undefined;
          this.#spare.push(next);
        }
        run(argument);
      }
    } finally {
      this.#running = false;
    }
  }

  #put(event: Event, timeNs: number, run: (argument: unknown) => void, argument: unknown): void {
    event.timeNs = Math.max(this.#nowNs, Math.round(timeNs));
    event.sequence = this.#sequence++;
    event.run = run;
    event.argument = argument;
    event.index = this.#heap.length;
    this.#heap.push(event);
    this.#up(event);
  }

  #takeOut(event: Event): void {
    const index = event.index;
    event.index = -1;
    const last = this.#heap.pop() as Event;
    if (last === event) return;
    last.index = index;
    this.#heap[index] = last;
    this.#down(last);
    if (last.index === index) this.#up(last);
  }

  #up(event: Event): void {
    const heap = this.#heap;
    let index = event.index;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as Event;
      if (!before(event, parent)) break;
      heap[index] = parent;
      parent.index = index;
      index = parentIndex;
    }
    heap[index] = event;
    event.index = index;
  }

  #down(event: Event): void {
    const heap = this.#heap;
    const length = heap.length;
    let index = event.index;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= length) break;
      let child = heap[childIndex] as Event;
      if (childIndex + 1 < length) {
        const right = heap[childIndex + 1] as Event;
        if (before(right, child)) {
          child = right;
          childIndex++;
        }
      }
      if (!before(child, event)) break;
      heap[index] = child;
      child.index = index;
      index = childIndex;
    }
    heap[index] = event;
    event.index = index;
  }
}

function before(a: Event, b: Event): boolean {
  return a.timeNs < b.timeNs || (a.timeNs === b.timeNs && a.sequence < b.sequence);
}

/** Node empties the microtask queue before it comes to the next immediate, however long the chain of promises is. */
function microtasksDone(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
