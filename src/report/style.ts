import { Markup } from "./markup.ts";

/**
 * The page's style sheet. The colours of clusters are Okabe and Ito's, made for readers who do not see all colours
 * (https://jfly.uni-koeln.de/color/), darkened where light paper would swallow them.
 */
export const STYLE = new Markup(`
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1f24; --faint: #5c6670; --line: #d5dae0; --shade: #f4f6f8;
  --pass: #00664b; --fail: #a63a00; --inconclusive: #6b4e00;
  --c0: #0072b2; --c1: #b97a00; --c2: #00805d; --c3: #c44e00; --c4: #b0568a; --c5: #2d86b8; --c6: #7d7400;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e6e9ed; --faint: #9aa5b1; --line: #343c46; --shade: #1d232a;
    --pass: #4fd1a5; --fail: #ff9a62; --inconclusive: #f0c95a;
    --c0: #56b4e9; --c1: #e69f00; --c2: #2fc39a; --c3: #ff8a4c; --c4: #df97bd; --c5: #8ecbee; --c6: #f0e442;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 82rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 1.6rem; margin: 0; line-height: 1.25; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
p { max-width: 46rem; margin: .4rem 0; }
small, .faint { color: var(--faint); }
small { display: block; font-size: .82em; }
header { display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; align-items: center; justify-content: space-between; }
header p { margin: 0; color: var(--faint); } header p.title { color: var(--ink); }
.badge { white-space: nowrap; font-weight: 600; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .inconclusive { color: var(--inconclusive); }
.overall { font-size: 1.25rem; padding: .3rem .9rem; border: 2px solid currentColor; border-radius: .5rem; }
.keys { display: flex; flex-wrap: wrap; gap: .4rem 2.2rem; margin: 1rem 0 0; }
.keys div { display: flex; flex-direction: column-reverse; }
.keys dt { color: var(--faint); font-size: .85rem; } .keys dd { margin: 0; font-size: 1.2rem; font-weight: 600; }
.scroll { overflow-x: auto; margin: .6rem 0 1.2rem; }
table { border-collapse: collapse; min-width: min(100%, 34rem); font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .4rem .7rem .4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { font-size: .82rem; color: var(--faint); vertical-align: bottom; }
tbody th { font-weight: 600; }
tbody th small { font-weight: 400; }
th.n, td.n { text-align: right; padding-right: 1.4rem; } td.n { white-space: nowrap; }
details { margin: .2rem 0; } summary { cursor: pointer; color: var(--faint); font-size: .88rem; }
dl { margin: .3rem 0; } details dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; font-size: .88rem; }
dt { color: var(--faint); } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; } figcaption { color: var(--faint); font-size: .9rem; }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
svg text { fill: var(--ink); font-size: 13px; }
.c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
.c4 { --c: var(--c4); } .c5 { --c: var(--c5); } .c6 { --c: var(--c6); }
.benign, .none { --c: var(--faint); } .unknown { --c: var(--ink); }
.axes text { fill: var(--faint); } .axes .name { fill: var(--ink); }
.grid { stroke: var(--line); stroke-width: .6; } .axis { fill: none; stroke: var(--faint); }
.radius { fill: var(--c); fill-opacity: .08; stroke: var(--c); stroke-width: 1.2; stroke-dasharray: 5 3; }
.radius.benign { fill-opacity: 0; }
.centre path { stroke: var(--ink); stroke-width: 2.4; fill: none; }
.centre text { fill: var(--c); font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 4; }
.point > :is(circle, path, rect):not(.ring) { fill: var(--c); fill-opacity: .78; stroke: var(--paper); stroke-width: .8; }
.point.unknown > :is(circle, path, rect):not(.ring) { fill: none; stroke: var(--c); stroke-width: 1.6; }
.point .ring { fill: none; stroke: var(--fail); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; list-style: none; margin: .5rem 0 .8rem; padding: 0; font-size: .9rem; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.legend svg { width: 22px; height: 22px; flex: none; }
.bar { fill: var(--line); } .bar.isolation { fill: var(--c3); fill-opacity: .45; }
.bridge { font-weight: 600; }
.box rect { fill: var(--shade); stroke: var(--faint); }
.box .detail { fill: var(--faint); font-size: 11.5px; } .box .title { font-weight: 600; }
.box.instance rect { stroke: var(--c0); stroke-width: 2; }
.box.isolation-instance rect { stroke: var(--c3); stroke-width: 2; }
.box.replayer rect { stroke: var(--c2); stroke-width: 2; }
.box.canary rect, .box.outlet rect { stroke-dasharray: 4 3; }
.cable line, line.cable { stroke: var(--faint); stroke-width: 1.6; }
.cable.cut line { stroke: var(--fail); stroke-dasharray: 3 4; }
.cable.replay line { stroke: var(--c2); stroke-width: 3; }
.cross { stroke: var(--fail); stroke-width: 2.2; fill: none; }
.move { fill: none; stroke: var(--c0); stroke-width: 1.6; stroke-dasharray: 6 3; } .head { fill: var(--c0); }
.share { width: 10rem; } .recorded { fill: var(--c2); } .substituted { fill: var(--c1); } .refused { fill: var(--c3); }
pre { background: var(--shade); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem 1rem; overflow-x: auto; }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .92em; }
a { color: var(--c0); }
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --faint: #444; --line: #bbb; --shade: #fff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; } figure, tr, pre { break-inside: avoid; } thead { display: table-header-group; }
  table { font-size: 7.5pt; } th, td, th.n, td.n { padding-right: .5rem; } details:not([open]) { display: none; }
  .pair { grid-template-columns: 1fr 1fr; } .scroll { overflow: visible; } details.data { display: none; }
  * { print-color-adjust: exact; }
}
`);
