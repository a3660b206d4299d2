import test from "ava";
import { REPLAY_LIMITS } from "../base/limits.ts";
import { AnswerLog } from "./answer-log.ts";
import type { Span } from "./label.ts";

const server = { address: "203.0.113.10", port: 80 };
const request = { method: "GET", uri: "/gate.php" };
const recorded: Span = { label: "recorded", bytes: 40 };
const substituted: Span = { label: "substituted", bytes: 2 };
const refused: Span = { label: "refused", bytes: 38 };

test("an answer's label is that of its least trustworthy byte, and the bytes add up by label", (t) => {
  const log = new AnswerLog();
  log.add(1n, server, request, [recorded]);
  log.add(2n, server, request, [recorded, substituted]);
  log.add(3n, server, request, [refused]);
  log.add(4n, server, request, []);
  t.deepEqual(
    log.records.map(({ label }) => label),
    ["recorded", "substituted", "refused", "refused"],
  );
  t.like(log.records[1], {
    timeNs: 2n,
    server: "203.0.113.10:80",
    method: "GET",
    uri: "/gate.php",
  });
  t.deepEqual(log.totals(), {
    answers: 4,
    misses: 2,
    answersByLabel: { recorded: 1, substituted: 1, refused: 2 },
    bytes: { recorded: 80, substituted: 2, refused: 38 },
    unlogged: 0,
  });
});

test("a full log says how many answers it left out, and the totals go on", (t) => {
  const log = new AnswerLog();
  const count = REPLAY_LIMITS.answerRecordsMax + 3;
  for (let i = 0; i < count; i++) log.add(0n, server, request, [recorded]);
  t.is(log.records.length, REPLAY_LIMITS.answerRecordsMax);
  t.is(log.totals().unlogged, 3);
  t.is(log.totals().bytes.recorded, 40 * count);
});
