import test from "ava";
import fc from "fast-check";
import { rc4 } from "./rc4.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** RFC 6229 section 2: the key stream at an offset. */
const stream = test.macro({
  exec(t, key: string, offset: number, expected: string) {
    const zeros = new Uint8Array(offset + 16);
    t.deepEqual(rc4(hex(key), zeros).subarray(offset), hex(expected));
  },
  title: (_, key, offset) => `the key stream of ${key} at ${offset} is RFC 6229's`,
});

test(stream, "0102030405", 0, "b2 39 63 05 f0 3d c0 27 cc c3 52 4a 0a 11 18 a8");
test(stream, "0102030405", 16, "69 82 94 4f 18 fc 82 d5 89 c4 03 a4 7a 0d 09 19");
test(stream, "0102030405", 4096, "ff 25 b5 89 95 99 67 07 e5 1f bd f0 8b 34 d8 75");
test(stream, "01020304050607", 0, "29 3f 02 d4 7f 37 c9 b6 33 f2 af 52 85 fe b4 6b");
test(stream, "0102030405060708", 0, "97 ab 8a 1b f0 af b9 61 32 f2 f6 72 58 da 15 a8");
test(
  stream,
  "0102030405060708090a0b0c0d0e0f10",
  0,
  "9a c7 cc 9a 60 9d 1e f7 b2 93 28 99 cd e4 1b 97",
);

test("what was encrypted is decrypted by the same key", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 256 }), fc.uint8Array(), (key, plain) => {
      t.deepEqual(rc4(key, rc4(key, plain)), plain);
    }),
  );
});

test("a key of no bytes is refused", (t) => {
  t.throws(() => rc4(new Uint8Array(0), hex("00")), { instanceOf: RangeError });
});
