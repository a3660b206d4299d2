import type { Head } from "./head.ts";

/**
 * Take up a Content-Length value that is not the plain first one: a list (`5, 5`), a repetition, or no number.
 * Equal lengths stay valid (RFC 9112 §6.3 rule 5); of differing ones the first is kept and the fault is noted.
 */
export function addLengths(value: string, head: Head): void {
  for (const member of value.split(",")) {
    const text = member.trim();
    if (!/^[0-9]+$/.test(text)) {
      head.contentLengthFault = true;
      head.anomalies.push("invalid-content-length");
      continue;
    }
    const exact = Number(text);
    const length = exact > Number.MAX_SAFE_INTEGER ? Infinity : exact;
    if (head.contentLengthSeen === 0) head.contentLength = length;
    else if (head.contentLength === length) head.anomalies.push("repeated-content-length");
    else {
      head.contentLengthFault = true;
      head.anomalies.push("conflicting-content-length");
    }
    head.contentLengthSeen++;
  }
}
