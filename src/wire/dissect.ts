import { WIRE_LIMITS } from "../base/limits.ts";
import { dissectLink } from "./dissect-link.ts";
import { dissectNetwork } from "./dissect-network.ts";
import { type Dissection, OUTCOME, type Outcome } from "./dissection.ts";

const NESTING_MAX = WIRE_LIMITS.tunnelsMax;

/**
 * Read the headers of a packet, bytes[start, end), into `into`, without allocation.
 *
 * @param linkType the capture's link type (LINKTYPE_… of tcpdump.org)
 * @param wireLength bytes that the packet had on the wire; more than are present when the capture was cut
 * @returns the outcome, which is in `into.outcome`, too; the other fields are meaningful for tcp, udp and fragment
 */
export function dissect(
  into: Dissection,
  linkType: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireLength: number,
): Outcome {
  into.begin(end, Math.max(end, start + wireLength));
  return dissectTunnels(into, dissectLink(into, linkType, bytes, start, end), bytes);
}

/** Follow what `first` found (a tunnel, or already the end) to what is in the innermost packet. */
export function dissectTunnels(into: Dissection, first: Outcome, bytes: Uint8Array): Outcome {
  let outcome = first;
  let nesting = 0;
  while (outcome === OUTCOME.inner) {
    if (++nesting > NESTING_MAX) {
      outcome = OUTCOME.tooManyHeaders;
      break;
    }
    outcome = dissectNetwork(into, into.innerType, bytes, into.innerAt);
  }
  into.outcome = outcome;
  return outcome;
}
