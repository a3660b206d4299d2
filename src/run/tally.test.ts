import test from "ava";
import { UplinkTally } from "./tally.ts";

const MAC = "52:54:00:0a:00:0a";

test("a frame that passed before the verdict does not count, however late it is shown", (t) => {
  const uplink = new UplinkTally();
  uplink.frame(MAC, 1n);
  uplink.verdict(MAC, 10n);
  uplink.frame(MAC, 9n);
  t.is(uplink.of(MAC)?.framesAfterVerdict, 0);
  t.is(uplink.of(MAC)?.lastFrameNs, null);
});

test("frames after the verdict count, and those after the cut are leaks", (t) => {
  const uplink = new UplinkTally();
  uplink.verdict(MAC, 10n);
  uplink.frame(MAC, 11n);
  uplink.cut(MAC, 12n);
  uplink.frame(MAC, 12n);
  uplink.frame(MAC, 13n);
  uplink.frame("52:54:00:0a:00:0b", 14n);
  t.like(uplink.of(MAC), { framesAfterVerdict: 3, framesAfterCut: 1, lastFrameNs: 13n });
});
