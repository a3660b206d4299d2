/**
 * OpenFlow 1.3 messages as they stand on the wire (OpenFlow Switch Specification 1.3.5, section 7.1): a header of eight
 * bytes and a body. Only what a packet port needs: everything here existed in Open vSwitch 2.5.
 */

export const OPENFLOW_13 = 0x04;
const HEADER_BYTES = 8;
const LENGTH_MAX = 0xffff;

/** `enum ofp_type`. */
export const TYPE = {
  hello: 0,
  error: 1,
  echoRequest: 2,
  echoReply: 3,
  featuresRequest: 5,
  featuresReply: 6,
  setConfig: 9,
  packetIn: 10,
  packetOut: 13,
  flowMod: 14,
  barrierRequest: 20,
  barrierReply: 21,
} as const;

export interface Message {
  readonly version: number;
  readonly type: number;
  /** Pairs an answer with its question. */
  readonly xid: number;
  readonly body: Uint8Array;
}

/** The bytes of a message in OpenFlow 1.3. Throws RangeError when the body is longer than a message can be. */
export function encodeMessage(
  type: number,
  xid: number,
  body: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const length = HEADER_BYTES + body.length;
  if (length > LENGTH_MAX)
    throw new RangeError(`a message of ${length} bytes is longer than ${LENGTH_MAX}`);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, OPENFLOW_13);
  view.setUint8(1, type);
  view.setUint16(2, length);
  view.setUint32(4, xid >>> 0);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** A stream of bytes → messages. */
export class MessageReader {
  #rest = new Uint8Array(0);

  /**
   * The messages that are complete with these bytes. Throws RangeError for a length below that of a header: the stream
   * cannot be read any further then.
   */
  push(bytes: Uint8Array): Message[] {
    const joined = new Uint8Array(this.#rest.length + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, this.#rest.length);
    const view = new DataView(joined.buffer);
    const messages: Message[] = [];
    let at = 0;
    while (joined.length - at >= HEADER_BYTES) {
      const length = view.getUint16(at + 2);
      if (length < HEADER_BYTES)
        throw new RangeError(`an OpenFlow message claims a length of ${length} bytes`);
      if (joined.length - at < length) break;
      messages.push({
        version: view.getUint8(at),
        type: view.getUint8(at + 1),
        xid: view.getUint32(at + 4),
        body: joined.slice(at + HEADER_BYTES, at + length),
      });
      at += length;
    }
    this.#rest = joined.slice(at);
    return messages;
  }
}
