import test from "ava";
import { renderHtml } from "./html.ts";
import { incidents } from "./incidents.ts";
import { resultsFixture } from "./results.fixture.ts";
import { renderText } from "./text.ts";

const troubled = resultsFixture({
  counts: { switchRestarts: 2, replayerReconnects: 1, replayerGone: 1, framesMissed: 3 },
});

test("a lab without trouble has no incidents", (t) => {
  t.deepEqual(incidents(resultsFixture()), []);
  t.deepEqual(incidents({ counts: { switchRestarts: 0, replayerGone: 0, framesMissed: 0 } }), []);
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
