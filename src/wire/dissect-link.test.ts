import test from "ava";
import { dissect } from "./dissect.ts";
import { LINK_TYPE } from "./dissect-link.ts";
import { Dissection, OUTCOME } from "./dissection.ts";

test("link headers that name each other without end do not use up the stack", (t) => {
  // PPI says that PKTAP follows, PKTAP that PPI does, a million times.
  const pair = [0, 0, 8, 0, 2, 1, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 192, 0, 0, 0];
  const packet = new Uint8Array(1_000_000 * pair.length);
  for (let at = 0; at < packet.length; at += pair.length) packet.set(pair, at);
  const d = new Dissection();
  for (const linkType of [LINK_TYPE.ppi, LINK_TYPE.pktap]) {
    const at = linkType === LINK_TYPE.ppi ? 0 : 8;
    const outcome = dissect(d, linkType, packet, at, packet.length, packet.length - at);
    t.is(outcome, OUTCOME.unknownLinkType);
  }
});
