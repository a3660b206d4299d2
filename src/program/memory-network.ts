import type { Timers } from "../base/clock.ts";
import {
  type Datagram,
  type DatagramSocket,
  type Endpoint,
  formatEndpoint,
  type Listener,
  type Network,
  type Socket,
  SocketError,
} from "../base/net.ts";
import { Random } from "../base/random.ts";
import type { Effect, Volume } from "../host/guest.ts";
import { createGuest } from "../host/guest.ts";
import type { ProgramEvent, ProgramHost } from "../host/host.ts";

/**
 * A network in memory with virtual time, for tests of programs only: no packets, no loss, one millisecond of delay.
 * Time goes on when nothing else is left to do.
 */
export class MemoryWorld implements Timers {
  readonly events: (ProgramEvent & { readonly host: string; readonly timeMs: number })[] = [];
  readonly effects: Effect[] = [];
  readonly #seed: string;
  readonly #listeners = new Map<string, MemoryListener>();
  readonly #datagrams = new Map<string, MemoryDatagrams>();
  #queue: { readonly atMs: number; readonly order: number; readonly callback: () => void }[] = [];
  #nowMs = 0;
  #count = 0;

  constructor(seed = "test") {
    this.#seed = seed;
  }

  nowNs(): bigint {
    return BigInt(Math.round(this.#nowMs * 1e6));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  after(ms: number, callback: () => void): () => void {
    const entry = { atMs: this.#nowMs + ms, order: this.#count++, callback };
    this.#queue.push(entry);
    return () => {
      this.#queue = this.#queue.filter((other) => other !== entry);
    };
  }

  /** Let time pass until the promise settles, `untilMs` is reached, or nothing is left to happen. */
  async run(until: Promise<unknown> | null, untilMs = 1e9): Promise<void> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    until?.then(settle, settle);
    for (;;) {
      // A turn of the event loop drains all promise reactions.
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) break;
      this.#queue.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const next = this.#queue[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#queue.shift();
      this.#nowMs = next.atMs;
      next.callback();
    }
    await until;
  }

  host(name: string, address: string, volume: Volume | null = null): MemoryHost {
    return new MemoryHost(this, name, address, volume, Random.from(`${this.#seed}/${name}`));
  }

  /** For MemoryHost. */
  get listeners(): Map<string, MemoryListener> {
    return this.#listeners;
  }

  get datagramSockets(): Map<string, MemoryDatagrams> {
    return this.#datagrams;
  }
}

/** A host in the memory world: a ProgramHost whose power can go off. */
export class MemoryHost implements ProgramHost, Network {
  readonly name: string;
  readonly address: string;
  readonly network: Network = this;
  readonly timers: MemoryWorld;
  readonly random: Random;
  readonly guest: ProgramHost["guest"];
  readonly mac = "02:00:00:00:00:01";
  readonly gatewayMac = () => null;
  readonly #sockets = new Set<MemorySocket>();
  #on = true;

  constructor(
    world: MemoryWorld,
    name: string,
    address: string,
    volume: Volume | null,
    random: Random,
  ) {
    this.timers = world;
    this.name = name;
    this.address = address;
    this.random = random;
    this.guest =
      volume === null
        ? null
        : createGuest(volume, {
            nowNs: () => world.nowNs(),
            network: () => "private",
            onEffect: (effect) => world.effects.push(effect),
            onPowerOff: () => this.powerOff(),
          });
  }

  get isOn(): boolean {
    return this.#on;
  }

  powerOff(): void {
    this.#on = false;
    for (const socket of this.#sockets) socket.breakOff("ECLOSED");
  }

  sendFrame(): void {
    throw new RangeError("the memory network has no frames");
  }

  report(event: ProgramEvent): void {
    const timeMs = Number(this.timers.nowNs()) / 1e6;
    this.timers.events.push({ ...event, host: this.name, timeMs });
  }

  async connect(to: Endpoint): Promise<Socket> {
    this.#mustBeOn();
    await this.timers.sleep(1);
    this.#mustBeOn();
    const listener = this.timers.listeners.get(formatEndpoint(to));
    if (listener === undefined) throw new SocketError("ECONNREFUSED", formatEndpoint(to));
    const local = { address: this.address, port: 40_000 + this.#sockets.size };
    const [near, far] = MemorySocket.pair(this.timers, local, to);
    this.#sockets.add(near);
    listener.push(far);
    return near;
  }

  listen(port: number): Listener {
    const key = formatEndpoint({ address: this.address, port });
    if (this.timers.listeners.has(key)) throw new SocketError("EADDRINUSE", key);
    const listener = new MemoryListener(port, () => this.timers.listeners.delete(key));
    this.timers.listeners.set(key, listener);
    return listener;
  }

  datagrams(port: number): DatagramSocket {
    const local = { address: this.address, port: port === 0 ? 50_000 : port };
    const socket = new MemoryDatagrams(this.timers, local);
    this.timers.datagramSockets.set(formatEndpoint(local), socket);
    return socket;
  }

  #mustBeOn(): void {
    if (!this.#on) throw new SocketError("ECLOSED", `${this.name} is off`);
  }
}

/** Items that are waited for: one reader at a time. */
class Mailbox<T> {
  readonly #items: T[] = [];
  #waiting: { resolve: (item: T) => void; reject: (error: Error) => void } | null = null;
  #error: Error | null = null;

  put(item: T): void {
    if (this.#waiting === null) this.#items.push(item);
    else {
      this.#waiting.resolve(item);
      this.#waiting = null;
    }
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  take(): Promise<T> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift() as T);
    if (this.#error !== null) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}

class MemoryListener implements Listener {
  readonly port: number;
  readonly #arrived = new Mailbox<Socket>();
  readonly #onClose: () => void;

  constructor(port: number, onClose: () => void) {
    this.port = port;
    this.#onClose = onClose;
  }

  push(socket: Socket): void {
    this.#arrived.put(socket);
  }

  accept(): Promise<Socket> {
    return this.#arrived.take();
  }

  close(): void {
    this.#onClose();
    this.#arrived.fail(new SocketError("ECLOSED", "the listener is closed"));
  }
}

class MemorySocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #world: MemoryWorld;
  readonly #arrived = new Mailbox<Uint8Array | null>();
  #peer: MemorySocket | null = null;
  #broken: SocketError | null = null;

  private constructor(world: MemoryWorld, local: Endpoint, remote: Endpoint) {
    this.#world = world;
    this.local = local;
    this.remote = remote;
  }

  static pair(world: MemoryWorld, a: Endpoint, b: Endpoint): [MemorySocket, MemorySocket] {
    const near = new MemorySocket(world, a, b);
    const far = new MemorySocket(world, b, a);
    near.#peer = far;
    far.#peer = near;
    return [near, far];
  }

  read(): Promise<Uint8Array | null> {
    return this.#arrived.take();
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#broken !== null) throw this.#broken;
    this.#world.after(1, () => this.#peer?.deliver(bytes));
  }

  end(): void {
    this.#world.after(1, () => this.#peer?.deliver(null));
  }

  destroy(): void {
    this.breakOff("ECLOSED");
    this.#peer?.breakOff("ECONNRESET");
  }

  deliver(bytes: Uint8Array | null): void {
    this.#arrived.put(bytes);
  }

  breakOff(code: "ECLOSED" | "ECONNRESET"): void {
    this.#broken ??= new SocketError(code, "broken");
    this.#arrived.fail(this.#broken);
  }
}

class MemoryDatagrams implements DatagramSocket {
  readonly local: Endpoint;
  readonly #world: MemoryWorld;
  readonly #arrived = new Mailbox<Datagram>();

  constructor(world: MemoryWorld, local: Endpoint) {
    this.#world = world;
    this.local = local;
  }

  send(to: Endpoint, bytes: Uint8Array): void {
    const from = this.local;
    this.#world.after(1, () =>
      this.#world.datagramSockets.get(formatEndpoint(to))?.deliver({ from, bytes }),
    );
  }

  deliver(datagram: Datagram): void {
    this.#arrived.put(datagram);
  }

  receive(): Promise<Datagram> {
    return this.#arrived.take();
  }

  close(): void {
    this.#arrived.fail(new SocketError("ECLOSED", "closed"));
  }
}
