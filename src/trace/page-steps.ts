import { html, type Markup } from "../base/markup.ts";
import type {
  Change,
  CtEffect,
  Effect,
  KernelCall,
  OutputEffect,
  PacketTrace,
  Pass,
  Step,
  Visit,
} from "./record.ts";
import { portWords } from "./words.ts";

/** Everything that happened to a packet, pass by pass. */
export function packetSteps(packet: PacketTrace): Markup {
  return html`${packet.passes.map((pass, i) => passSteps(pass, packet.passes[i - 1]))}
${
  packet.connections.length > 0 &&
  html`<div class="connections"><h3>Connections afterwards</h3><ul>${packet.connections.map((line) => html`<li><code>${line}</code></li>`)}</ul></div>`
}`;
}

function passSteps(pass: Pass, before: Pass | undefined): Markup {
  const title =
    pass.from === null
      ? "as it came in"
      : `back from conntrack (pass ${pass.from}), from table ${pass.table} on`;
  return html`<section class="pass"><h3>Pass ${pass.number} <small>${title}</small></h3>
<p class="flow"><code>${flowParts(pass, before)}</code></p>
${pass.visits.map(visitSteps)}
${pass.actionSet.length > 0 && html`<div class="table"><h4>Action set</h4>${stepList(pass.actionSet)}</div>`}
${pass.dropped !== null && html`<p class="note stop">${pass.dropped}</p>`}</section>`;
}

/** What is new since the pass before is marked. */
function flowParts(pass: Pass, before: Pass | undefined): Markup[] {
  const known = new Set(before?.flow.split(",") ?? pass.flow.split(","));
  return pass.flow.split(",").map((part, i) => {
    const text = known.has(part) ? part : html`<mark>${part}</mark>`;
    return html`${i > 0 && ","}<wbr>${text}`;
  });
}

function visitSteps(visit: Visit): Markup {
  const { rule } = visit;
  const port = visit.inPort !== null && html` <small>as if from port ${visit.inPort}</small>`;
  if (rule === null)
    return html`<div class="table missed"><h4>Table ${visit.table}${port}</h4><p class="note stop">No rule matches.</p></div>`;
  const place = rule.line === null ? "learned" : `line ${rule.line}`;
  const text = rule.text ?? `${rule.match} actions=${rule.actions}`;
  return html`<div class="table"><h4>Table ${visit.table}${port} <small>${place}, priority ${rule.priority}${rule.cookie !== "0x0" && `, cookie ${rule.cookie}`}</small></h4>
<p class="rule"><code>${text}</code></p>
${visit.steps.length === 0 ? html`<p class="note stop">The rule has no action: the packet is dropped here.</p>` : stepList(visit.steps)}</div>`;
}

function stepList(steps: readonly Step[]): Markup {
  return html`<ol class="steps">${steps.map(
    (
      step,
    ) => html`<li><span class="number">${step.number}</span><div><code class="action">${step.action}</code>
${changeList(step.changes)}${step.effects.map(effectBlock)}${step.steps.length > 0 && stepList(step.steps)}${step.visits.map(visitSteps)}</div></li>`,
  )}</ol>`;
}

function changeList(list: readonly Change[]): Markup | null {
  if (list.length === 0) return null;
  return html`<ul class="changes">${list.map(
    ({ field, before, after }) =>
      html`<li><code>${field}</code> <code class="old">${before || "none"}</code> → <mark><code>${after || "none"}</code></mark></li>`,
  )}</ul>`;
}

function effectBlock(effect: Effect): Markup {
  switch (effect.kind) {
    case "ct":
      return ctBlock(effect);
    case "output":
      return outputBlock(effect);
    case "recirculate":
      return effect.pass === null
        ? html`<p class="note stop">Too many recirculations: this copy is dropped.</p>`
        : html`<p class="note">A copy goes on in table ${effect.table}: pass ${effect.pass}.</p>`;
    case "learn":
      return html`<p class="note">A new rule: <code>${effect.rule}</code></p>`;
    case "note":
      return html`<p class="note${effect.stops && " stop"}">${effect.text}</p>`;
  }
}

function ctBlock(effect: CtEffect): Markup {
  const { before, after } = effect;
  return html`<div class="ct"><p class="state"><strong>conntrack, zone ${effect.zone}</strong> <code class="old">${before.state}</code> → <mark><code>${after.state}</code></mark>${after.mark !== "0x0" && html` <code>ct_mark=${after.mark}</code>`}${after.label !== "0x0" && html` <code>ct_label=${after.label}</code>`}</p>
<p>${effect.why}</p>
${effect.changes.length > 0 && html`<p>NAT writes into the packet:</p>${changeList(effect.changes)}`}
${
  effect.connection !== null &&
  html`<p class="connection">${effect.committed ? "committed: " : `${effect.direction} direction of: `}<code>${effect.connection}</code></p>`
}
<div class="kernel"><h5>in the Linux kernel</h5><ol>${effect.kernel.map(kernelLine)}</ol></div></div>`;
}

function kernelLine({ depth, function: name, file, does }: KernelCall): Markup {
  return html`<li class="d${depth}" title="${file}"><code>${name}</code> <small>${does}</small></li>`;
}

function outputBlock({ port, name, because, changes }: OutputEffect): Markup {
  return html`<div class="out"><p><span class="badge sent">→ ${portWords(port, name)}</span>${because !== null && html` <small>${because}</small>`} ${changes.length === 0 ? "The packet is as it came in." : "Other than when it came in:"}</p>${changeList(changes)}</div>`;
}
