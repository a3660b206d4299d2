import test from "ava";
import { resultsFixture } from "./results.fixture.ts";
import { renderText } from "./text.ts";

const plain = { colour: false, width: null, path: "runs/paper/latest" };

test("a finished run reads well in a pipe", (t) => {
  t.snapshot(renderText(resultsFixture(), plain));
});

test("each verdict has a sign of its own, so that colour is not needed", (t) => {
  const text = renderText(resultsFixture(), plain);
  t.regex(text, /✔ separation/);
  t.regex(text, /✘ manifestation/);
  t.regex(text, /\? feedback/);
  t.false(text.includes("\u001b"));
});

test("on a terminal long evidence is wrapped under itself", (t) => {
  const lines = renderText(resultsFixture(), { ...plain, width: 80 }).split("\n");
  const start = lines.findIndex((line) => line.includes("✔ containment"));
  t.true((lines[start] as string).length <= 80);
  t.regex(lines[start + 1] as string, /^ {19}\S/);
});

test("a string from outside cannot steer the terminal", (t) => {
  const [assertion] = resultsFixture().assertions;
  const text = renderText(
    resultsFixture({ assertions: [{ ...assertion!, evidence: "a\u001b[2Jb\nc\u202Ed" }] }),
    plain,
  );
  t.true(text.includes("a\uFFFD[2Jb\uFFFDc\uFFFDd"));
});
