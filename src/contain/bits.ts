import { FIELDS, type Field, fieldNamed } from "../rule/field.ts";

/**
 * The bits of all fields, each with a number. Fields that are parts of others (`vlan_vid` of `vlan_tci`, `xreg0` of `reg0`
 * and `reg1`) share theirs.
 */
const WIDTHS: ReadonlyMap<string, number> = new Map(
  FIELDS.filter(({ name }) => !/^(?:xx?reg\d+|vlan_vid|vlan_pcp|ip_dscp|nw_ecn)$/.test(name)).map(
    ({ name, bits }) => [name, bits],
  ),
);

const BASES: ReadonlyMap<string, number> = (() => {
  let next = 0;
  return new Map(
    [...WIDTHS].map(([name, bits]) => {
      const base = next;
      next += bits;
      return [name, base];
    }),
  );
})();

/** Below this number are the bits of one packet; above, what stands for something new. */
export const BITS = [...WIDTHS.values()].reduce((sum, bits) => sum + bits, 0);

/** The numbers of a field's bits, the least significant first. */
export function bitsOf(field: Field): readonly number[] {
  let bits = cache.get(field);
  if (bits === undefined) {
    bits = placed(field);
    cache.set(field, bits);
  }
  return bits;
}

const cache = new Map<Field, readonly number[]>();

export function bitsNamed(name: string): readonly number[] {
  return bitsOf(fieldNamed(name));
}

function placed({ name, bits }: Field): number[] {
  const wide = /^(xx?)reg(\d+)$/.exec(name);
  if (wide !== null) {
    const words = bits / 32;
    const first = Number(wide[2]) * words;
    // The most significant word has the lowest number.
    return Array.from({ length: words }, (_, i) =>
      range(`reg${first + words - 1 - i}`, 0, 32),
    ).flat();
  }
  switch (name) {
    case "in_port_oxm":
      return [...range("in_port", 0, 16), ...range(name, 16, 16)];
    case "vlan_vid":
      return range("vlan_tci", 0, 13);
    case "vlan_pcp":
      return range("vlan_tci", 13, 3);
    case "ip_dscp":
      return range("nw_tos", 2, 6);
    case "nw_ecn":
      return range("nw_tos", 0, 2);
    default:
      return range(name, 0, bits);
  }
}

function range(name: string, start: number, bits: number): number[] {
  const base = BASES.get(name);
  if (base === undefined) throw new RangeError(`the field ${name} has no bits of its own`);
  return Array.from({ length: bits }, (_, i) => base + start + i);
}

/** Fields that a packet brings with it; the rest is the pipeline's and zero when it comes in. */
const FROM_PACKET = /^(?:vlan_tci|eth_|ip_|arp_|ipv6_|nw_|tcp_|udp_|sctp_|icmp|nd_)/;

/** The names of the fields that frames are built from. */
export const PACKET_FIELDS: readonly string[] = [...WIDTHS.keys()].filter((name) =>
  FROM_PACKET.test(name),
);

const PACKET_BITS: ReadonlySet<number> = new Set(PACKET_FIELDS.flatMap((name) => bitsNamed(name)));

export function isPacketBit(bit: number): boolean {
  return PACKET_BITS.has(bit);
}
