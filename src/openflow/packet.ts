/** Packet-in and packet-out of OpenFlow 1.3 (sections 7.4.1 and 7.3.7). */

/** Reserved port numbers in 32 bits (`enum ofp_port_no`). */
const OFPP_TABLE = 0xfffffff9;
const OFPP_CONTROLLER = 0xfffffffd;
const OFP_NO_BUFFER = 0xffffffff;

const OFPXMC_OPENFLOW_BASIC = 0x8000;
const OXM_IN_PORT = 0;
/** buffer_id, total_len, reason, table_id, cookie. */
const PACKET_IN_FIXED_BYTES = 16;
/** buffer_id, in_port, actions_len, padding. */
const PACKET_OUT_FIXED_BYTES = 16;
const ACTION_OUTPUT_BYTES = 16;

export interface PacketIn {
  /** The whole frame's length; `bytes` may be cut shorter. */
  readonly totalBytes: number;
  readonly table: number;
  /** `null`: the match does not tell. */
  readonly inPort: number | null;
  readonly bytes: Uint8Array;
}

/** The body of a packet-in, or `null` where it is not one. */
export function decodePacketIn(body: Uint8Array): PacketIn | null {
  if (body.length < PACKET_IN_FIXED_BYTES + 4) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const matchBytes = view.getUint16(PACKET_IN_FIXED_BYTES + 2);
  // The match is padded to eight bytes, and two more stand before the frame.
  const dataAt = PACKET_IN_FIXED_BYTES + Math.ceil(matchBytes / 8) * 8 + 2;
  if (matchBytes < 4 || dataAt > body.length) return null;
  return {
    totalBytes: view.getUint16(4),
    table: view.getUint8(7),
    inPort: inPortOf(view, PACKET_IN_FIXED_BYTES + 4, PACKET_IN_FIXED_BYTES + matchBytes),
    bytes: body.slice(dataAt),
  };
}

/** Walks the OXM fields of a match (section 7.2.3.2). */
function inPortOf(view: DataView, from: number, to: number): number | null {
  let at = from;
  while (at + 4 <= to) {
    const [oxmClass, field, length] = [
      view.getUint16(at),
      view.getUint8(at + 2) >> 1,
      view.getUint8(at + 3),
    ];
    if (at + 4 + length > to) return null;
    if (oxmClass === OFPXMC_OPENFLOW_BASIC && field === OXM_IN_PORT && length === 4)
      return view.getUint32(at + 4);
    at += 4 + length;
  }
  return null;
}

/**
 * The body of a packet-out that gives a frame to the tables, as if it had come in through the port CONTROLLER: rules
 * with `in_port=CONTROLLER` decide what becomes of it.
 */
export function encodePacketOut(frame: Uint8Array): Uint8Array {
  const body = new Uint8Array(PACKET_OUT_FIXED_BYTES + ACTION_OUTPUT_BYTES + frame.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, OFP_NO_BUFFER);
  view.setUint32(4, OFPP_CONTROLLER);
  view.setUint16(8, ACTION_OUTPUT_BYTES);
  // struct ofp_action_output: type 0, length, port, max_len, padding.
  view.setUint16(PACKET_OUT_FIXED_BYTES + 2, ACTION_OUTPUT_BYTES);
  view.setUint32(PACKET_OUT_FIXED_BYTES + 4, OFPP_TABLE);
  body.set(frame, PACKET_OUT_FIXED_BYTES + ACTION_OUTPUT_BYTES);
  return body;
}

/** The body of a set-config: no reassembly, and whole frames in packet-ins, without which a service connection gets none. */
export function encodeSetConfig(): Uint8Array {
  return Uint8Array.of(0, 0, 0xff, 0xff);
}
