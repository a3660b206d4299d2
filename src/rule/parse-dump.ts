import { type ParseOptions, parseLine } from "./parse.ts";
import { Piece } from "./piece.ts";
import type { Rule } from "./rule.ts";

/** The switch keeps rules of its own there, for table misses; no packet gets there by a user's rule. */
const INTERNAL_TABLE = /(?:^|[\s,])table(?:_id)?=254(?=[\s,]|$)/;

/**
 * The rules in what `ovs-ofctl dump-flows BR` or `ovs-appctl bridge/dump-flows BR` prints. Statistics are read over.
 * Hidden rules (of an in-band controller) are there with their priorities above 65535; those of table 254, which only
 * say what a table miss does, are not. Throws InputError with origin, line and column for a line that is no rule.
 */
export function parseDumpedFlows(text: string, options: ParseOptions = {}): Rule[] {
  const rules: Rule[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const piece = new Piece(line, `${options.origin ?? "flows"}:${i + 1}`).trim();
    if (piece.text === "" || isReplyHead(piece.text) || INTERNAL_TABLE.test(head(piece.text)))
      continue;
    rules.push(parseLine(piece, options, true));
  }
  return rules;
}

/** `NXST_FLOW reply (xid=0x4):`, `OFPST_FLOW reply (OF1.5) (xid=0x2):`. */
function isReplyHead(line: string): boolean {
  return /^(?:NXST|OFPST)_FLOW reply\b/.test(line);
}

function head(line: string): string {
  return line.slice(0, line.indexOf("actions="));
}
