import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { scratch } from "../../test/cli.fixture.ts";
import { captureOf, page } from "./capture.fixture.ts";
import { collectTransactions } from "./captures.ts";

const io = { progress: () => undefined };

test("of more requests than can be held the first are read, and the rest is told to be left", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "many.pcap");
  const pages = Array.from({ length: 20 }, (_, n) => page("/gate.php", n));
  await writeFile(file, captureOf("10.0.0.5", pages));

  const all = await collectTransactions(file, { io }, 20);
  t.is(all.transactions.length, 20);
  t.is(all.reading.damage, null);

  const { transactions, reading } = await collectTransactions(file, { io }, 7);
  t.deepEqual(transactions, all.transactions.slice(0, 7));
  t.regex(reading.damage?.line ?? "", /many\.pcap: has more than 7 requests, .*extract/);
  t.is(reading.damage?.status, 65);
});
