import type { Head } from "./head.ts";

/**
 * Take up a Transfer-Encoding value. Only a list whose last coding is `chunked`, named once, frames the body
 * (RFC 9112 §6.1, §6.3 rule 4). `identity` is what RFC 2616 called no coding at all.
 */
export function addCodings(value: string, head: Head): void {
  const codings = value
    .toLowerCase()
    .split(",")
    .map((coding) => coding.split(";")[0]!.trim())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length === 0) return;
  const isFraming = codings.at(-1) === "chunked";
  const isOnlyOnce =
    head.transferCoding === "none" && codings.indexOf("chunked") === codings.length - 1;
  if (!(isFraming && isOnlyOnce)) head.anomalies.push("transfer-encoding-not-chunked");
  head.transferCoding = isFraming ? "chunked" : "other";
}
