import test from "ava";
import { Random } from "../src/base/random.ts";
import type { TransactionRecord } from "../src/http/record.ts";
import { compare, extract, readRecords, sharedCaptures } from "./captures.fixture.ts";

const captures = sharedCaptures();

if (captures === null) {
  test("captures of others", (t) => {
    t.log("skipped: ../shared/captures is not there");
    t.pass();
  });
}

for (const capture of captures ?? []) {
  const { file, name, expected, explained } = capture;
  test(`${name}: what tshark pairs is found`, async (t) => {
    const { missing, found } = await compare(capture);
    t.log(
      `${expected.length - missing.length} of ${expected.length}, ${found} found in all${explained === undefined ? "" : `; ${explained.reason}`}`,
    );
    t.is(missing.length, explained?.missing ?? 0, JSON.stringify(missing.slice(0, 3), null, 1));
  });

  test(`${name}: packets that swap places or come twice change nothing`, async (t) => {
    const records = await readRecords(file);
    const text = (list: readonly TransactionRecord[]) =>
      list.map((record) => JSON.stringify({ ...record, time: 0 })).sort();
    const random = Random.from(name);
    const moved = records
      .map((record, i) => [i + random.uniform(0, 4), record] as const)
      .sort((a, b) => a[0] - b[0])
      .flatMap(([, record]) => (random.chance(0.1) ? [record, record] : [record]));
    t.deepEqual(text(extract(file, moved)), text(extract(file, records)));
  });
}
