import test from "ava";
import { renderHtml } from "./html.ts";
import { resultsFixture, roundFixture } from "./results.fixture.ts";

const context = { command: ["npx", "isoreplay", "run", "paper", "--seed", "1"], provenance: null };
const EVIL = `"><img src=x onerror=alert(1)>'&\u001b[31m`;

/** Every string in a value replaced. */
function poisoned(value: unknown): unknown {
  if (typeof value === "string") return EVIL;
  if (Array.isArray(value)) return value.map(poisoned);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poisoned(inner)]));
  return value;
}

test("the page shows the overall verdict, every assertion's evidence and how to run it again", (t) => {
  const results = resultsFixture();
  const page = renderHtml(results, context);
  t.true(page.includes('<div class="overall inconclusive">'));
  for (const { name } of results.assertions) t.true(page.includes(`>${name}</th>`), name);
  t.true(page.includes("0 of 60 probes left"));
  t.true(page.includes("<code>npx isoreplay run paper --seed 1</code>"));
});

test("nothing is loaded from anywhere and nothing runs", (t) => {
  const page = renderHtml(resultsFixture(), context);
  t.notRegex(page, /<script|<link|<img|<iframe|@import|src=|url\((?!#)|href=/i);
  t.true(page.includes("default-src 'none'"));
});

test("a string from a scenario or a capture stays text, wherever it stands", (t) => {
  const results = resultsFixture();
  const evil = resultsFixture({
    scenario: EVIL,
    title: EVIL,
    capture: EVIL,
    assertions: results.assertions.map((a) => ({
      ...a,
      name: EVIL,
      evidence: EVIL,
      figures: { [EVIL]: EVIL },
    })),
    rounds: results.rounds.map((round) => ({
      ...round,
      observations: round.observations.map((o) => ({
        ...o,
        client: EVIL,
        server: EVIL,
        behaviour: EVIL,
        judgement: { verdict: "known" as const, label: EVIL },
      })),
      model: {
        ...round.model,
        columns: [EVIL, EVIL],
        clusters: round.model.clusters.map((c) => ({ ...c, label: EVIL })),
      },
      suspects: round.suspects.map((s) => ({
        ...s,
        name: EVIL,
        address: EVIL,
        behaviour: EVIL,
        label: EVIL,
        reason: EVIL,
        effectsBefore: poisoned(s.effectsBefore) as typeof s.effectsBefore,
      })),
    })),
    topology: {
      ...results.topology,
      nodes: results.topology.nodes.map((n) => ({ ...n, role: EVIL, address: EVIL })),
    },
  });
  const page = renderHtml(evil, { ...context, command: ["npx", EVIL] });
  t.notRegex(page, /<img/);
  t.false(page.includes("\u001b"));
  t.true(page.includes("&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"));
});

test("a title that is markup of the page's own kind does not close the element it stands in", (t) => {
  const page = renderHtml(resultsFixture({ title: "</h1></title></style>" }), context);
  t.is(page.match(/<\/style>/g)?.length, 1);
  t.is(page.match(/<\/h1>/g)?.length, 1);
});

test("every drawing has a title and a description for those who do not see it", (t) => {
  const page = renderHtml(resultsFixture(), context);
  const drawings = page.match(/<svg class="(plot|topology)"[^>]*>/g) ?? [];
  t.is(drawings.length, 4);
  for (const drawing of drawings) {
    const ids = /aria-labelledby="(\S+) (\S+)"/.exec(drawing);
    t.true(page.includes(`<title id="${ids?.[1]}">`));
    t.true(page.includes(`<desc id="${ids?.[2]}">`));
  }
  const all = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
  t.is(new Set(all).size, all.length, "no id twice");
});

test("the same results give the same bytes", (t) => {
  t.is(renderHtml(resultsFixture(), context), renderHtml(resultsFixture(), context));
});

test("a run that found nothing still has a page, without a number that is none", (t) => {
  const empty = resultsFixture({
    assertions: [],
    rounds: [
      {
        round: 1,
        observations: [],
        model: {
          columns: ["php_requests"],
          mean: [0],
          sd: [0],
          clusters: [],
          metrics: { silhouette: null, daviesBouldin: null, purity: null, ari: null },
        },
        suspects: [],
        containment: null,
        feedback: null,
      },
    ],
    topology: { nodes: [], before: [], after: [] },
    counts: {},
  });
  for (const results of [empty, { ...empty, rounds: [] }])
    t.notRegex(
      renderHtml(results, context).replace(/<style>.*<\/style>/s, ""),
      /NaN|Infinity|undefined|null/,
    );
});

test("an observation far away does not squeeze the clusters: it is drawn at the edge and counted", (t) => {
  const round = roundFixture(1);
  const page = renderHtml(resultsFixture({ rounds: [round] }), context);
  t.regex(page, /1 observation lies beyond the drawing/);
  const widths = [...page.matchAll(/<ellipse[^>]* rx="([\d.]+)"/g)].map((match) =>
    Number(match[1]),
  );
  t.true(Math.min(...widths) > 40);
});

test("many hosts of one kind are drawn as one, a cut one and its move never", (t) => {
  const page = renderHtml(resultsFixture(), context);
  t.true(page.includes("6 × benign-client"));
  t.is(
    page.match(/class="cable cut"/g)?.length,
    5 + 4,
    "isolation before; the bots and the outlet after",
  );
  t.is(page.match(/<path class="move"/g)?.length, 3);
});
