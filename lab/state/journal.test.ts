import { appendFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Journal, type JournalEntry, recordedLabs } from "./journal.ts";
import { hasOwner, isDeployed, ownerOf } from "./leftovers.ts";
import { identify } from "./process-identity.ts";

const state = () => mkdtempSync(join(tmpdir(), "isoreplay-state-"));

function owner(pid: number, startTicks: string): JournalEntry {
  return { kind: "lab", lab: "mininet", name: "paper", label: "a1", pid, startTicks, stays: false };
}

test("a lab's journal is read back as it was written", (t) => {
  const folder = state();
  const journal = Journal.create(join(folder, "a1"));
  const entries: JournalEntry[] = [owner(1, "2"), { kind: "bridge", name: "private" }];
  for (const entry of entries) journal.add(entry);
  journal.close();
  t.deepEqual(recordedLabs(folder), [{ label: "a1", folder: join(folder, "a1"), entries }]);
});

test("a line that was cut by a crash is left out, and a folder without a journal is a lab, too", (t) => {
  const folder = state();
  const journal = Journal.create(join(folder, "a1"));
  journal.add(owner(1, "2"));
  journal.close();
  appendFileSync(join(folder, "a1", "journal.ndjson"), '{"kind":"bri');
  mkdirSync(join(folder, "b2"));
  t.deepEqual(
    recordedLabs(folder).map(({ label, entries }) => [label, entries.length]),
    [
      ["a1", 1],
      ["b2", 0],
    ],
  );
});

test("a second lab cannot take over the first one's journal", (t) => {
  const folder = join(state(), "a1");
  Journal.create(folder).close();
  t.throws(() => Journal.create(folder), { code: "EEXIST" });
});

test("a lab belongs to its process, and not to one that got the same number later", (t) => {
  const self = identify(process.pid);
  t.truthy(self);
  const lab = (entry: JournalEntry) => ({ label: "a1", folder: "", entries: [entry] });
  t.true(hasOwner(lab(owner(process.pid, self?.startTicks ?? ""))));
  t.false(hasOwner(lab(owner(process.pid, "1"))));
  t.false(hasOwner({ label: "a1", folder: "", entries: [] }));
});

test("no labs where there never was one", (t) => {
  t.deepEqual(recordedLabs(join(state(), "absent")), []);
});

test("a lab that was left to another process belongs to that one", (t) => {
  const entries = [owner(1, "0"), { ...owner(process.pid, "1"), stays: true }];
  const lab = { label: "a1", folder: "", entries };
  t.is(ownerOf(lab)?.pid, process.pid);
  t.true(isDeployed(lab));
});
