import type { Target } from "./target.ts";
import { addresses } from "./targets/addresses.ts";
import { extractor, reader, wire } from "./targets/captures.ts";
import { conversations } from "./targets/conversations.ts";
import {
  labels,
  manifest,
  model,
  results,
  scenario,
  switchCase,
  tape,
} from "./targets/documents.ts";
import { host } from "./targets/host.ts";
import { requests, responses } from "./targets/messages.ts";
import { openflow } from "./targets/openflow.ts";
import { packed } from "./targets/packed.ts";
import { planted } from "./targets/planted.ts";
import { replayer } from "./targets/replayer.ts";
import { changes, dumps, groups, rules } from "./targets/rules.ts";
import { bridge } from "./targets/switch.ts";

/** Every reader and parser of what strangers wrote. */
export const TARGETS: readonly Target[] = [
  ...[packed, reader, wire, extractor, conversations, requests, responses],
  ...[rules, changes, groups, dumps, addresses],
  ...[scenario, model, tape, manifest, results, switchCase, labels],
  ...[replayer, bridge, host, openflow],
];

/** The target of this name; the planted ones, too. */
export function targetNamed(name: string): Target | undefined {
  return [...TARGETS, ...planted].find((target) => target.name === name);
}
