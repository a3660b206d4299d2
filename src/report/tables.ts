import { REPORT_LIMITS } from "../base/limits.ts";
import type { Outcome, Results, RoundResult, SuspectResult } from "../run/results.ts";
import { misjudged } from "./legend.ts";
import { html, type Insert, Markup } from "./markup.ts";
import { bytes, counted, figure, milliseconds, seconds, UNKNOWN, whole } from "./number.ts";
import { effects, judged, probeOutcome, SIGN } from "./words.ts";

interface Table {
  readonly caption: string;
  /** A head that begins with `#` stands over figures, which are aligned to the right. */
  readonly heads: readonly string[];
  readonly rows: readonly (readonly Insert[])[];
}

function table({ caption, heads, rows }: Table): Markup {
  const kind = heads.map((head) => (head.startsWith("#") ? "n" : ""));
  return html`<div class="scroll"><table><caption>${caption}</caption><thead><tr>${heads.map((head, i) => html`<th scope="col" class="${kind[i] ?? ""}">${head.replace(/^#/, "")}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => (i === 0 ? html`<th scope="row" class="${kind[i] ?? ""}">${cell}</th>` : html`<td class="${kind[i] ?? ""}">${cell}</td>`))}</tr>`)}</tbody></table></div>`;
}

export function badge(outcome: Outcome): Markup {
  return html`<span class="badge ${outcome}"><span aria-hidden="true">${SIGN[outcome]}</span> ${outcome}</span>`;
}

export function assertionTable(results: Results): Markup {
  return table({
    caption: "Assertions",
    heads: ["Assertion", "Verdict", "Evidence"],
    rows: results.assertions.map((assertion) => {
      const figures = Object.entries(assertion.figures);
      return [
        assertion.name,
        badge(assertion.verdict),
        html`${assertion.evidence}${
          figures.length > 0 &&
          html`<details><summary>figures</summary><dl>${figures.map(([name, value]) => html`<dt>${name}</dt><dd>${figure(value)}</dd>`)}</dl></details>`
        }`,
      ];
    }),
  });
}

/** What happened to each suspect, in the order in which it happened. */
export function timelineTable(round: RoundResult): Markup {
  return table({
    caption: `Round ${round.round}: what happened to each suspect`,
    heads: [
      "Suspect",
      "Behaviour",
      "Judged",
      "#Verdict at",
      "#Detected in",
      "#Contained in",
      "#Packets after",
      "Moved",
      "Replayed",
      "Manifested before",
      "In isolation",
    ],
    rows: round.suspects.map((suspect) => [
      html`${suspect.name}<small>${suspect.address}</small>`,
      suspect.behaviour ?? html`<span class="faint">not known</span>`,
      html`<span title="${suspect.reason}">${judged(suspect)}</span>`,
      seconds(suspect.verdictTimeS),
      seconds(suspect.timeToDetectS),
      milliseconds(suspect.timeToContainMs),
      packetsAfter(suspect),
      moved(suspect),
      replayed(suspect),
      effects(suspect.effectsBefore),
      effects(suspect.effectsInIsolation),
    ]),
  });
}

function packetsAfter({ framesAfterVerdict, framesAfterCut }: SuspectResult): Insert {
  if (framesAfterCut === null) return whole(framesAfterVerdict);
  return html`${whole(framesAfterVerdict)}<small>${whole(framesAfterCut)} after the cut</small>`;
}

function moved({ move }: SuspectResult): Insert {
  if (move === null) return html`<span class="faint">not moved</span>`;
  const hash = move.hashEqual ? "volume unchanged" : "volume CHANGED";
  return html`${move.method}<small>${seconds(move.durationS)}; ${hash}${move.memoryLost && "; memory lost"}</small>`;
}

function replayed({ replay }: SuspectResult): Insert {
  if (replay === null) return html`<span class="faint">no</span>`;
  const since = replay.startS === null ? "" : `since ${seconds(replay.startS)}, `;
  return html`${counted(replay.answers, "answer")}, ${counted(replay.misses, "miss", "misses")}<small>${since}${whole(replay.requestsRepeated)} of ${counted(replay.requestsRecorded, "request")} made again, ${whole(replay.identical)} of ${counted(replay.seen, "answer")} identical</small>`;
}

/** What each suspect had going on at its verdict, and whether the cut ended it. */
export function conversationTable(results: Results): Markup | null {
  const rows = results.rounds.flatMap((round) =>
    round.suspects.flatMap(({ name, conversations }) =>
      (conversations ?? []).map((c) => [
        html`${name}<small>round ${round.round}</small>`,
        c.protocol,
        html`${c.client}<small>to ${c.server}</small>`,
        c.open ? "yes" : "no",
        seconds(c.lastBeforeCutS),
        whole(c.framesAfterVerdict),
        whole(c.framesAfterCut),
        seconds(c.lastAfterCutS),
      ]),
    ),
  );
  if (rows.length === 0) return null;
  return table({
    caption: "What each suspect had going on when it was judged, and what left in it",
    heads: [
      "Suspect",
      "Protocol",
      "Conversation",
      "Open at the verdict",
      "#Last frame out before the cut",
      "#Frames out after the verdict",
      "#After the cut",
      "#Last frame out after the cut",
    ],
    rows,
  });
}

/** Where each answered byte came from. */
export function replayTable(results: Results): Markup | null {
  const rows = results.rounds.flatMap((round) =>
    round.suspects.flatMap(({ name, replay }) => {
      if (replay === null) return [];
      const { recorded, substituted, refused } = replay.bytes;
      const all = recorded + substituted + refused;
      return [
        [
          `${round.round} · ${name}`,
          bytes(recorded),
          bytes(substituted),
          bytes(refused),
          all === 0 ? UNKNOWN : share(recorded, substituted, refused),
        ],
      ];
    }),
  );
  if (rows.length === 0) return null;
  return table({
    caption: "Bytes that the replay sent, by where they came from",
    heads: ["Round · suspect", "#Recorded", "#Substituted", "#Refused (miss policy)", "Share"],
    rows,
  });
}

function share(recorded: number, substituted: number, refused: number): Markup {
  const all = recorded + substituted + refused;
  const parts = { recorded, substituted, refused };
  let x = 0;
  const rects = Object.entries(parts).map(([name, value]) => {
    const width = (value / all) * 160;
    const rect = html`<rect class="${name}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="12"/>`;
    x += width;
    return rect;
  });
  const percent = `${((recorded / all) * 100).toFixed(1)} % recorded`;
  return html`<svg class="share" viewBox="0 0 160 12" role="img" aria-label="${percent}"><title>${percent}</title>${rects}</svg>`;
}

/** Folded away while every kind of probe proves what it should: there are dozens. */
export function probeTable(round: RoundResult): Markup | null {
  const { containment } = round;
  if (containment === null) return null;
  const { canary, outletFrames } = containment;
  const probes = containment.probes.map((probe) => ({ probe, outcome: probeOutcome(probe) }));
  const passed = probes.filter(({ outcome }) => outcome === "pass").length;
  const rows = probes.map(({ probe, outcome }) => [
    probe.kind,
    whole(probe.sent),
    whole(probe.control),
    whole(probe.leaked),
    badge(outcome),
  ]);
  const heads = ["Probe", "#Sent", "#Seen by the control", "#Leaked", "Proves"];
  const caption = `Round ${round.round}: probes for a way out of isolation`;
  const opened = passed === probes.length ? new Markup("") : new Markup(" open");
  return html`<p>Round ${round.round}: ${whole(passed)} of ${counted(probes.length, "kind")} of probes were seen by the control and did not get out. The canary outside saw ${counted(canary.before, "packet")} before isolation and ${whole(canary.after)} after it. ${counted(outletFrames, "frame")} of any kind reached the place where a way out would be.</p>
<details${opened}><summary>probe by probe</summary>${table({ caption, heads, rows })}</details>`;
}

/** What learning from isolation did to the judgement of the same observations. */
export function feedbackTable(results: Results): Markup | null {
  const rows = results.rounds.flatMap(({ round, feedback }) => {
    if (feedback === null) return [];
    const { observations, correctFirst, correctUpdated, learned } = feedback;
    return [
      [`${round}`, whole(learned), whole(observations), whole(correctFirst), whole(correctUpdated)],
    ];
  });
  if (rows.length === 0) return null;
  return table({
    caption: "Feedback: the same observations before the first model and before the updated one",
    heads: [
      "Round",
      "#Learned from isolation",
      "#Observations",
      "#Right by the first",
      "#Right by the updated",
    ],
    rows,
  });
}

export function observationTable(round: RoundResult): Markup {
  const shown = round.observations.slice(0, REPORT_LIMITS.observationsMax);
  const left = round.observations.length - shown.length;
  const columns = round.model.columns;
  return html`<details class="data"><summary>Round ${round.round}: all ${round.observations.length} observations as a table</summary>${table(
    {
      caption: `Observations of round ${round.round}`,
      heads: ["Client → server", "Phase", "Truth", "Judged", ...columns.map((c) => `#${c}`)],
      rows: shown.map((o) => [
        `${o.client} → ${o.server}`,
        o.phase,
        o.behaviour ?? UNKNOWN,
        html`${judged(o.judgement)}${misjudged(o, round.model) && html` <strong>(not so)</strong>`}`,
        ...columns.map((column) => figure(o.values[column] ?? null)),
      ]),
    },
  )}${left > 0 && html`<p>${whole(left)} more are in results.json.</p>`}</details>`;
}
