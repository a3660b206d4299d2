import { type DropRule, encodeDropRule } from "./flow-mod.ts";
import { encodeMessage, type Message, MessageReader, OPENFLOW_13, TYPE } from "./message.ts";
import { decodePacketIn, encodePacketOut, encodeSetConfig, type PacketIn } from "./packet.ts";

export interface ChannelEvents {
  /** Bytes for the switch. */
  readonly send: (bytes: Uint8Array) => void;
  readonly onPacketIn: (packet: PacketIn) => void;
  /** The handshake is done: packet-ins arrive from now on. */
  readonly onReady: () => void;
  /** The switch refused something: type and code of section 7.4.4. */
  readonly onError: (type: number, code: number) => void;
}

/**
 * The controller's side of one OpenFlow 1.3 connection, without its socket: bytes in, bytes out. Answers echo requests,
 * so that the switch does not give the connection up.
 */
export class Channel {
  readonly #events: ChannelEvents;
  readonly #reader = new MessageReader();
  readonly #barriers = new Map<number, () => void>();
  #xid = 0;
  #readyXid: number | null = null;

  constructor(events: ChannelEvents) {
    this.#events = events;
  }

  /** To be called once, when the connection stands. */
  open(): void {
    this.#send(TYPE.hello);
  }

  /** Bytes from the switch. Throws RangeError when they are no OpenFlow, or not version 1.3. */
  receive(bytes: Uint8Array): void {
    for (const message of this.#reader.push(bytes)) this.#handle(message);
  }

  /** Give a frame to the tables with `in_port=CONTROLLER`. */
  packetOut(frame: Uint8Array): void {
    this.#send(TYPE.packetOut, encodePacketOut(frame));
  }

  /** Put a rule in force that drops something. */
  drop(rule: DropRule): void {
    this.#send(TYPE.flowMod, encodeDropRule(rule));
  }

  /** Calls `done` once the switch has done everything that was sent before. */
  barrier(done: () => void): void {
    this.#barriers.set(this.#send(TYPE.barrierRequest), done);
  }

  #handle(message: Message): void {
    if (message.type === TYPE.hello) {
      // The version of both is the lower one (section 6.3.1).
      if (message.version < OPENFLOW_13)
        throw new RangeError(
          `the switch speaks OpenFlow version ${message.version} at most, not 4 (1.3)`,
        );
      this.#send(TYPE.setConfig, encodeSetConfig());
      this.#readyXid = this.#send(TYPE.barrierRequest);
      return;
    }
    switch (message.type) {
      case TYPE.echoRequest:
        this.#events.send(encodeMessage(TYPE.echoReply, message.xid, message.body));
        break;
      case TYPE.packetIn: {
        const packet = decodePacketIn(message.body);
        if (packet === null) throw new RangeError("a packet-in is cut short");
        this.#events.onPacketIn(packet);
        break;
      }
      case TYPE.barrierReply:
        if (message.xid === this.#readyXid) this.#events.onReady();
        else this.#barriers.get(message.xid)?.();
        this.#barriers.delete(message.xid);
        break;
      case TYPE.error: {
        const view = new DataView(
          message.body.buffer,
          message.body.byteOffset,
          message.body.length,
        );
        this.#events.onError(
          message.body.length >= 2 ? view.getUint16(0) : -1,
          message.body.length >= 4 ? view.getUint16(2) : -1,
        );
        break;
      }
    }
  }

  #send(type: number, body?: Uint8Array): number {
    const xid = ++this.#xid;
    this.#events.send(encodeMessage(type, xid, body));
    return xid;
  }
}
