import type { PacketTrace, RuleRef } from "./record.ts";

/** A rule as `ofproto/trace` prints it: `tcp,in_port=1, priority 100, cookie 0x5`. */
export function ruleWords({ match, priority, cookie }: RuleRef): string {
  const parts = [match, `priority ${priority}`].filter((part) => part !== "");
  if (cookie !== "0x0") parts.push(`cookie ${cookie}`);
  return parts.join(", ");
}

/** What became of a packet, in a few words. */
export function resultWords({ outputs, dropped }: PacketTrace): string {
  if (dropped !== null) return `dropped: ${dropped}`;
  const ways = outputs.map(({ port, name, changes }) => {
    const changed =
      changes.length === 0
        ? "unchanged"
        : `${changes.map(({ field }) => field).join(", ")} changed`;
    return `${portWords(port, name)}, ${changed}`;
  });
  return `leaves through ${ways.join("; and through ")}`;
}

export function portWords(port: string, name: string | null): string {
  const number = /^\d/.test(port) ? `port ${port}` : port;
  return name === null ? number : `${number} (${name})`;
}
