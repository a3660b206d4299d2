/** Flow-mod of OpenFlow 1.3 (section 7.3.4.1), as far as a cut needs it: rules that drop what one port or host sends or gets. */

const OFP_NO_BUFFER = 0xffffffff;
/** OFPP_ANY and OFPG_ANY. */
const ANY = 0xffffffff;
const OXM_IN_PORT = 0x80000004;
const OXM_ETH_DST = 0x80000606;
const FIXED_BYTES = 40;

/** A rule without actions. Either what comes in through a port, or what goes to a MAC address (six bytes). */
export interface DropRule {
  readonly table: number;
  readonly priority: number;
  readonly what: { readonly inPort: number } | { readonly ethDst: Uint8Array };
}

/** The body of a flow-mod that adds the rule. */
export function encodeDropRule({ table, priority, what }: DropRule): Uint8Array {
  const oxm = "inPort" in what ? inPortMatch(what.inPort) : ethDstMatch(what.ethDst);
  const matchBytes = 4 + oxm.length;
  const body = new Uint8Array(FIXED_BYTES + Math.ceil(matchBytes / 8) * 8);
  const view = new DataView(body.buffer);
  view.setUint8(16, table);
  view.setUint16(22, priority);
  view.setUint32(24, OFP_NO_BUFFER);
  view.setUint32(28, ANY);
  view.setUint32(32, ANY);
  // OFPMT_OXM, and the match's length without its padding. No instruction follows: what matches is dropped.
  view.setUint16(FIXED_BYTES, 1);
  view.setUint16(FIXED_BYTES + 2, matchBytes);
  body.set(oxm, FIXED_BYTES + 4);
  return body;
}

function inPortMatch(port: number): Uint8Array {
  const oxm = new Uint8Array(8);
  const view = new DataView(oxm.buffer);
  view.setUint32(0, OXM_IN_PORT);
  view.setUint32(4, port);
  return oxm;
}

function ethDstMatch(mac: Uint8Array): Uint8Array {
  const oxm = new Uint8Array(10);
  new DataView(oxm.buffer).setUint32(0, OXM_ETH_DST);
  oxm.set(mac, 4);
  return oxm;
}
