/** OpenFlow's reserved port numbers in 16 bits, as OvS writes them in `in_port` (openflow-common.h). */
export const PORT = {
  max: 0xff00,
  inPort: 0xfff8,
  table: 0xfff9,
  normal: 0xfffa,
  flood: 0xfffb,
  all: 0xfffc,
  controller: 0xfffd,
  local: 0xfffe,
  none: 0xffff,
} as const;

/** A port's number, or its name where the text used one: only the switch knows which number that is. */
export type PortRef = number | string;

const RESERVED: ReadonlyMap<string, number> = new Map([
  ["in_port", PORT.inPort],
  ["table", PORT.table],
  ["normal", PORT.normal],
  ["flood", PORT.flood],
  ["all", PORT.all],
  ["controller", PORT.controller],
  ["local", PORT.local],
  ["any", PORT.none],
  ["none", PORT.none],
]);

/** The number of a reserved port's name, in upper or lower case. */
export function reservedPort(name: string): number | undefined {
  return RESERVED.get(name.toLowerCase());
}

/** As `ovs-ofctl` writes it: a number, a reserved name in capitals, or a quoted name. */
export function formatPort(port: PortRef): string {
  if (typeof port === "string") return `"${port}"`;
  for (const [name, number] of RESERVED) if (number === port) return name.toUpperCase();
  return String(port);
}
