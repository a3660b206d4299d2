import { Markup } from "../base/markup.ts";

/** The page's style sheet. Colours after Okabe and Ito, for readers who do not see all of them. */
export const STYLE = new Markup(`
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1f24; --faint: #57616b; --line: #d5dae0; --shade: #f5f7f9;
  --road: #8b97a3; --ct: #0072b2; --ct-shade: #eaf4fb; --sent: #00664b; --sent-shade: #e6f5ef;
  --drop: #a63a00; --drop-shade: #fcefe7; --mark: #ffe9a8; --mark-ink: #3d2f00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e6e9ed; --faint: #9aa5b1; --line: #343c46; --shade: #1c2229;
    --road: #6d7985; --ct: #6cc0f0; --ct-shade: #16283a; --sent: #4fd1a5; --sent-shade: #13302a;
    --drop: #ff9a62; --drop-shade: #38221a; --mark: #5c4a10; --mark-ink: #ffeeb8;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 0; }
h3 { font-size: 1.02rem; margin: 1.4rem 0 .3rem; } .pass:first-child h3 { margin-top: 0; }
h4 { font-size: .95rem; margin: 0 0 .3rem; } h5 { font-size: .8rem; margin: .6rem 0 .1rem; color: var(--faint); font-weight: 600; }
p { margin: .3rem 0; } header p, footer p { max-width: 46rem; color: var(--faint); }
small { color: var(--faint); font-size: .84em; font-weight: 400; }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .88em; }
h1 code { font-size: .92em; }
a { color: var(--ct); }
mark { background: var(--mark); color: var(--mark-ink); border-radius: .2rem; padding: .05em .25em; }
.scroll { overflow-x: auto; margin: 1rem 0; overflow-wrap: normal; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-size: .82rem; color: var(--faint); } td.n { font-variant-numeric: tabular-nums; }
.badge { display: inline-block; white-space: nowrap; font-weight: 600; font-size: .88rem; padding: 0 .5rem; border-radius: .8rem; border: 1px solid currentColor; }
.sent { color: var(--sent); background: var(--sent-shade); } .dropped { color: var(--drop); background: var(--drop-shade); }
.help { background: var(--shade); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem 1rem; margin: 1.2rem 0; font-size: .92rem; }
.help h2 { font-size: 1rem; } .help dl { margin: .4rem 0 0; display: grid; gap: .25rem; }
.help div { display: grid; grid-template-columns: 8.5rem 1fr; gap: .8rem; } dt { font-weight: 600; } dd { margin: 0; }
.packet { margin-top: 2.4rem; padding-top: 1rem; border-top: 3px solid var(--ink); }
.count { display: block; color: var(--faint); font-size: .85rem; font-weight: 400; }
.given { color: var(--faint); }
.pair { display: grid; grid-template-columns: minmax(0, 27rem) minmax(0, 1fr); gap: 1.8rem; margin-top: 1rem; align-items: start; }
figure { margin: 0; position: sticky; top: 1rem; } figcaption { color: var(--faint); font-size: .82rem; }
.flow { font-size: .92rem; color: var(--faint); }
.table { border-left: 4px solid var(--road); background: var(--shade); border-radius: 0 .4rem .4rem 0; padding: .5rem .8rem; margin: .6rem 0; }
.table .table { background: var(--paper); }
.rule { color: var(--faint); font-size: .92rem; }
.steps { list-style: none; margin: .4rem 0 0; padding: 0; display: grid; gap: .5rem; }
.steps > li { display: grid; grid-template-columns: 1.7rem minmax(0, 1fr); }
.number { width: 1.3rem; height: 1.3rem; line-height: 1.3rem; margin-top: .1rem; border-radius: 50%; background: var(--ink); color: var(--paper); text-align: center; font-size: .74rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.action { font-weight: 600; }
.changes { list-style: none; margin: .2rem 0; padding: 0; font-size: .93rem; }
.old { color: var(--faint); }
.ct { border: 1px solid var(--ct); background: var(--ct-shade); border-radius: .5rem; padding: .4rem .8rem .6rem; margin: .35rem 0; }
.state strong { color: var(--ct); }
.connection { font-size: .92rem; color: var(--faint); } .connection code { color: var(--ink); }
.kernel ol { list-style: none; margin: 0; padding: 0; font-size: .9rem; line-height: 1.45; }
.kernel li { border-left: 1px solid var(--ct); padding-left: .5rem; }
.d1 { margin-left: .9rem; } .d2 { margin-left: 1.8rem; } .d3 { margin-left: 2.7rem; } .d4 { margin-left: 3.6rem; }
.note { font-size: .93rem; color: var(--faint); } .stop { color: var(--drop); }
.out p { margin: .2rem 0; }
.connections ul { margin: 0; padding-left: 1.1rem; font-size: .92rem; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); font-size: .88rem; }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
svg text { fill: var(--ink); font-size: 11.5px; } svg .code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 10.5px; }
svg .faint { fill: var(--faint); font-size: 10.5px; } svg .bold { font-weight: 600; }
.road { fill: none; stroke: var(--road); stroke-width: 3; } .tip { fill: var(--road); }
.loop { fill: none; stroke: var(--ct); stroke-width: 2.5; } .loop.back { stroke-dasharray: 4 3; stroke-width: 1.8; } .loop-tip { fill: var(--ct); }
.way { fill: none; stroke: var(--sent); stroke-width: 2.5; } .way-tip { fill: var(--sent); }
.box { fill: var(--shade); stroke: var(--road); stroke-width: 1.5; }
.station { fill: var(--ct-shade); stroke: var(--ct); stroke-width: 1.5; } svg .station-name { fill: var(--ct); font-weight: 600; }
.exit { fill: var(--sent-shade); stroke: var(--sent); stroke-width: 1.5; } svg .exit-name { fill: var(--sent); font-weight: 600; }
.stopped { fill: var(--drop-shade); stroke: var(--drop); stroke-width: 1.5; } svg .stopped-name { fill: var(--drop); font-weight: 600; }
.stop-way { stroke: var(--drop); stroke-width: 2.5; fill: none; }
.disc { fill: var(--ink); } svg .disc-text { fill: var(--paper); font-size: 9.5px; font-weight: 600; text-anchor: middle; }
.chip { fill: var(--mark); } svg .chip-text { fill: var(--mark-ink); }
@media (max-width: 52rem) {
  body { padding: 1rem; } .overview, .overview tbody, .overview tr, .overview td { display: block; } .overview thead { display: none; }
  .overview tr { padding: .4rem 0; border-bottom: 1px solid var(--line); } .overview td { border: 0; padding: .1rem 0; } .overview td.n { float: left; margin-right: .6rem; } .overview td:nth-child(3)::before { content: "in: "; color: var(--faint); }
  .pair { grid-template-columns: minmax(0, 1fr); } figure { position: static; max-width: 27rem; }
  .help div { grid-template-columns: 1fr; gap: 0; } .d1, .d2, .d3, .d4 { margin-left: .7rem; } .d2 { margin-left: 1.2rem; } .d3 { margin-left: 1.7rem; } .d4 { margin-left: 2.2rem; }
  .table { padding: .5rem .6rem; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --faint: #444; --line: #bbb; --shade: #fff; --road: #666; --ct: #00527f; --ct-shade: #fff; --sent: #004d38; --sent-shade: #fff; --drop: #7d2c00; --drop-shade: #fff; --mark: #eee; --mark-ink: #000; }
  body { max-width: none; padding: 0; font-size: 9.5pt; } .pair { grid-template-columns: 8.2cm 1fr; gap: .6cm; }
  figure { position: static; } .packet { break-before: page; } h2, h3, h4, h5 { break-after: avoid; }
  .ct, .out, .table > .rule, .kernel, tr { break-inside: avoid; } mark { outline: 1px solid #999; } * { print-color-adjust: exact; }
}
`);
