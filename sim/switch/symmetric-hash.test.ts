import test from "ava";
import type { Bucket } from "../../src/rule/group.ts";
import { hashMap } from "./hash-map.ts";
import { Packet } from "./packet.ts";
import { symmetricHash } from "./symmetric-hash.ts";

/** Frames, and what Open vSwitch 3.1 printed as `dp_hash` of their flows. */
const HASHES: readonly (readonly [what: string, frame: string, hash: number])[] = [
  [
    "UDP without its ports",
    "50540000000250540000000108004500002000010000401164c80a0101010a0101029c400050000c747e64617461",
    0x2b974642,
  ],
  [
    "TCP with its ports",
    "50540000000250540000000108004500002800010000400664cb0a0101010a0101029c400050000003e80000000050022000d9650000",
    0xa38abbb6,
  ],
  [
    "a fragment of TCP without its ports",
    "50540000000250540000000108004500002000012000400644d30a0101010a0101029c400050000c747e64617461",
    0xe1346532,
  ],
  [
    "TCP over IPv6",
    "50540000000250540000000186dd6000000000140640fd000000000000000000000000000001fd0000000000000000000000000000029c400050000003e80000000050022000f5650000",
    0xe2940656,
  ],
  [
    "ARP by its hardware addresses",
    "ffffffffffff505400000001080600010800060400015054000000010a0101010000000000000a010102",
    0x42670abb,
  ],
  ["a frame with a length", "505400000002505400000001000642424242424200000000", 0xad36b070],
];

const hashing = test.macro({
  title: (_, what: string) => `a select group hashes ${what} as Open vSwitch does`,
  exec(t, _what: string, frame: string, hash: number) {
    t.is(symmetricHash(new Packet(Buffer.from(frame, "hex"))) >>> 0, hash);
  },
});

for (const [what, frame, hash] of HASHES) test(hashing, what, frame, hash);

function shares(...weights: readonly number[]): string | null {
  const buckets = weights.map((weight, id): Bucket => ({ id, weight, actions: [] }));
  return (
    hashMap(buckets)
      ?.map(({ id }) => id)
      .join("") ?? null
  );
}

test("each bucket of a select group has as many values of the hash as its weight asks for", (t) => {
  t.is(shares(1), "0".repeat(16));
  t.is(shares(1, 1), "01".repeat(8));
  const three = shares(1, 3, 2) ?? "";
  t.deepEqual(
    ["0", "1", "2"].map((id) => three.split(id).length - 1),
    [3, 8, 5],
  );
  t.is(shares(1, 0)?.includes("1"), false);
  t.is(shares(1, 60)?.length, 64);
});

test("a select group whose buckets have no weight, or one too little, has no share to give", (t) => {
  t.is(shares(), null);
  t.is(shares(0, 0), null);
  t.is(shares(1, 100), null);
});
