import test from "ava";
import * as fc from "fast-check";
import { isGroupMac, parseMac, readMac, writeMac } from "./mac.ts";

test("bytes and text are the same address", (t) => {
  const bytes = Uint8Array.of(0x52, 0x54, 0, 0x0a, 0xff, 1);
  t.is(readMac(bytes), "52:54:00:0a:ff:01");
  t.deepEqual(parseMac("52:54:00:0a:ff:01"), bytes);
  t.deepEqual(parseMac("52:54:00:0A:FF:01"), bytes);
});

test("every address survives the way through text", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      t.deepEqual(parseMac(readMac(bytes)), bytes);
      t.is(isGroupMac(readMac(bytes)), (bytes[0]! & 1) === 1);
    }),
  );
});

test("what is no address is refused", (t) => {
  const wrong = [
    "",
    "52:54:00:00:00",
    "52-54-00-00-00-01",
    "52:54:00:00:00:0g",
    "52:54:00:00:00:01 ",
  ];
  for (const text of wrong) {
    t.is(parseMac(text), null);
    t.throws(() => writeMac(text, new Uint8Array(6)), { instanceOf: RangeError });
  }
});
