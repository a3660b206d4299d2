import test from "ava";
import fc from "fast-check";
import { parseRules } from "../../src/rule/parse.ts";
import { FlowTables } from "./flow-tables.ts";
import { W, WORDS } from "./layout.ts";
import type { Entry } from "./table.ts";

const bit = fc.integer({ min: 0, max: 3 });

/** Small values, so that rules and packets meet. Rule text with distinct priorities: no tie to break. */
const rules = fc
  .array(
    fc.record({
      inPort: fc.option(bit),
      reg: fc.option(fc.tuple(bit, fc.integer({ min: 1, max: 3 }))),
      tcpDst: fc.option(bit),
      source: fc.option(fc.tuple(bit, fc.constantFrom(24, 31, 32))),
      ctState: fc.option(fc.constantFrom("+trk", "+trk+new", "-trk", "+est-rpl")),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((list) =>
    list.map(({ inPort, reg, tcpDst, source, ctState }, i) => {
      const parts = [`priority=${i + 1}`];
      if (tcpDst !== null || source !== null) parts.push("tcp");
      if (inPort !== null) parts.push(`in_port=${inPort}`);
      if (reg !== null) parts.push(`reg1=${reg[0]}/${reg[1]}`);
      if (tcpDst !== null) parts.push(`tp_dst=${tcpDst}`);
      if (source !== null) parts.push(`nw_src=10.0.0.${source[0]}/${source[1]}`);
      if (ctState !== null) parts.push(`ct_state=${ctState}`);
      return `${parts.join(",")},actions=output:${(i % 4) + 1}`;
    }),
  );

const key = fc
  .record({
    inPort: bit,
    reg: bit,
    tcp: fc.boolean(),
    dst: bit,
    source: bit,
    ctState: fc.constantFrom(0, 0x20, 0x21, 0x22, 0x2a),
  })
  .map(({ inPort, reg, tcp, dst, source, ctState }) => {
    const words = new Int32Array(WORDS);
    words[W.inPort] = inPort;
    words[W.reg + 1] = reg;
    words[W.ctState] = ctState;
    words[W.ethType] = tcp ? 0x0800 : 0x0806;
    words[W.nwProto] = tcp ? 6 : 0;
    words[W.ipSrc] = 0x0a000000 | source;
    words[W.tpDst] = tcp ? dst : 0;
    return words;
  });

function matches(entry: Entry, words: Int32Array): boolean {
  for (let i = 0; i < entry.words.length; i += 3) {
    if ((words[entry.words[i]!]! & entry.words[i + 2]!) !== entry.words[i + 1]) return false;
  }
  return true;
}

/** The rule of the highest priority, by looking at all of them. */
function slowly(entries: readonly Entry[], words: Int32Array): Entry | null {
  const hits = entries.filter((entry) => matches(entry, words));
  return hits.sort((a, b) => b.rule.priority - a.rule.priority)[0] ?? null;
}

function tablesOf(lines: readonly string[]): FlowTables {
  const tables = new FlowTables();
  tables.replace(parseRules(lines.join("\n")), (port) => Number(port), 0);
  return tables;
}

test("the classifier finds the rule that looking at all of them finds", (t) => {
  fc.assert(
    fc.property(rules, fc.array(key, { minLength: 20, maxLength: 20 }), (lines, keys) => {
      const table = tablesOf(lines).table(0)!;
      for (const k of keys) t.is(table.find(k, new Int32Array(WORDS)), slowly(table.entries, k));
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test("every key that agrees in the bits that were looked at finds the same rule", (t) => {
  fc.assert(
    fc.property(rules, key, fc.array(key, { minLength: 10, maxLength: 10 }), (lines, k, others) => {
      const table = tablesOf(lines).table(0)!;
      const seen = new Int32Array(WORDS);
      const found = table.find(k, seen);
      for (const other of others) {
        const blended = other.map((word, w) => (word & ~seen[w]!) | (k[w]! & seen[w]!));
        t.is(slowly(table.entries, blended), found);
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test("a rule for another port does not make the result depend on ports of the transport", (t) => {
  const table = tablesOf([
    "priority=5,tcp,in_port=1,tp_dst=80,actions=output:2",
    "priority=5,tcp,in_port=2,tp_src=80,actions=output:1",
  ]).table(0)!;
  const words = new Int32Array(WORDS);
  words[W.inPort] = 2;
  words[W.ethType] = 0x0800;
  words[W.nwProto] = 6;
  words[W.tpSrc] = 80;
  const seen = new Int32Array(WORDS);
  t.is(table.find(words, seen)?.rule.actions.length, 1);
  t.is(seen[W.tpDst], 0);
});
