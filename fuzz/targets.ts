import type { Target } from "./target.ts";
import { extractor, reader, wire } from "./targets/captures.ts";
import { model, scenario, tape } from "./targets/documents.ts";
import { host } from "./targets/host.ts";
import { requests, responses } from "./targets/messages.ts";
import { packed } from "./targets/packed.ts";
import { planted } from "./targets/planted.ts";
import { replayer } from "./targets/replayer.ts";
import { rules } from "./targets/rules.ts";
import { bridge } from "./targets/switch.ts";

/** Every reader and parser of what strangers wrote. */
export const TARGETS: readonly Target[] = [
  ...[packed, reader, wire, extractor, requests, responses],
  ...[rules, scenario, model, tape],
  ...[replayer, bridge, host],
];

/** The target of this name; the planted ones, too. */
export function targetNamed(name: string): Target | undefined {
  return [...TARGETS, ...planted].find((target) => target.name === name);
}
