import test from "ava";
import { renderHtml } from "./html.ts";
import { incidents } from "./incidents.ts";
import { resultsFixture, roundFixture } from "./results.fixture.ts";
import { renderText } from "./text.ts";

const troubled = resultsFixture({
  counts: { switchRestarts: 2, replayerReconnects: 1, replayerGone: 1, framesMissed: 3 },
});

/** A run on a real machine whose latest host was so late. */
const late = (latestMs: number) => {
  const who = [{ name: "vm-2", kind: "host" as const, latestMs, times: 3 }];
  return resultsFixture({ rounds: [{ ...roundFixture(1), lateness: { allowedMs: 2167, who } }] });
};

test("a host that was later than a session's pauses allow is named, with what can be done", (t) => {
  const told =
    "vm-2 was 3.10 s late, more than the 2.17 s by which a pause may grow before it separates sessions: " +
    "the machine is too busy; lower --speed";
  t.deepEqual(incidents(late(3100)), [told]);
  t.true(renderText(late(3100), { colour: false, width: null, path: null }).includes(`! ${told}`));
  const page = renderHtml(late(3100), { command: ["isoreplay"], provenance: null });
  t.true(page.includes(`<li>${told}</li>`));
});

test("a host that was late within what is allowed is a figure of the page, not an incident", (t) => {
  t.deepEqual(incidents(late(800)), []);
  const page = renderHtml(late(800), { command: ["isoreplay"], provenance: null });
  t.true(page.includes("<dt>longest delay, of vm-2 (may be 2.17 s)</dt><dd>800.0 ms</dd>"));
  const virtual = renderHtml(resultsFixture(), { command: ["isoreplay"], provenance: null });
  t.false(virtual.includes("longest delay"));
});

test("a lab without trouble has no incidents", (t) => {
  t.deepEqual(incidents(resultsFixture()), []);
  const counts = { switchRestarts: 0, replayerGone: 0, framesMissed: 0 };
  t.deepEqual(incidents({ counts, rounds: [] }), []);
});

test("a switch that died and a replayer that was lost are told, in the text and on the page", (t) => {
  const told = incidents(troubled);
  t.is(told.length, 4);
  t.regex(told[0] ?? "", /^the switch died 2 times/);
  const text = renderText(troubled, { colour: false, width: null, path: null });
  const page = renderHtml(troubled, { command: ["isoreplay"], provenance: null });
  for (const sentence of told) {
    t.true(text.includes(`! ${sentence}`));
    t.true(page.includes(`<li>${sentence}</li>`));
  }
});
