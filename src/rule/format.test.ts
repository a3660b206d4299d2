import test from "ava";
import fc from "fast-check";
import type { Action, Nat, Subfield } from "./action.ts";
import { FIELDS, type Field, fieldNamed, fullMask } from "./field.ts";
import { formatRule, formatRules } from "./format.ts";
import { FRAG_WORDS, SHORTHANDS } from "./match.ts";
import { parseRule, parseRules } from "./parse.ts";
import { meets } from "./prerequisite.ts";
import type { Rule } from "./rule.ts";

/** Fields that are written as parts of another one, so that a match never holds them. */
const PARTS = new Set(["vlan_vid", "vlan_pcp", "ip_dscp", "in_port", "eth_type", "nw_proto"]);

const bits = (count: number): fc.Arbitrary<bigint> => fc.bigInt(0n, (1n << BigInt(count)) - 1n);

function fieldMatch(field: Field) {
  if (field.format === "frag") {
    return fc.constantFrom(...FRAG_WORDS).map(([, value, mask]) => ({ field, value, mask }));
  }
  if (field.name === "nw_tos") return bits(6).map((v) => ({ field, value: v << 2n, mask: 0xfcn }));
  const mask = field.maskable
    ? fc.oneof(
        fc.constant(fullMask(field)),
        bits(field.bits).filter((m) => m !== 0n),
      )
    : fc.constant(fullMask(field));
  return fc.tuple(bits(field.bits), mask).map(([v, m]) => ({ field, value: v & m, mask: m }));
}

const match = fc
  .tuple(
    fc.option(fc.constantFrom(...SHORTHANDS.values())),
    fc.option(
      fc.oneof(fc.integer({ min: 1, max: 0xfeff }), fc.constantFrom("vm-1", "tap0", "local")),
    ),
  )
  .chain(([protocol, inPort]) => {
    const fixed = [
      ["eth_type", protocol?.[0]],
      ["nw_proto", protocol?.[1]],
    ] as const;
    const base = fixed.flatMap(([name, value]) => {
      const field = fieldNamed(name);
      return value == null ? [] : [{ field, value: BigInt(value), mask: fullMask(field) }];
    });
    const possible = FIELDS.filter(
      (f) => !PARTS.has(f.name) && meets({ inPort: null, fields: base }, f.prerequisite),
    );
    return fc.subarray(possible, { maxLength: 4 }).chain((chosen) =>
      fc.tuple(...chosen.map(fieldMatch)).map((conditions) => ({
        inPort,
        fields: FIELDS.flatMap((f) => [...base, ...conditions].filter((c) => c.field === f)),
      })),
    );
  });

const anywhere = FIELDS.filter(
  (f) => f.prerequisite === "none" && f.writable && f.name !== "in_port",
);

function subfield(field: Field): fc.Arbitrary<Subfield> {
  return fc
    .tuple(fc.nat(field.bits - 1), fc.nat(field.bits - 1))
    .map(([a, b]) => ({ field, start: Math.min(a, b), bits: Math.abs(a - b) + 1 }));
}

const port = fc.oneof(
  fc.integer({ min: 1, max: 0xfeff }),
  fc.constantFrom("vm-1", "output", "drop"),
);
const mark = fieldNamed("ct_mark");

const range = fc
  .tuple(bits(31), bits(31))
  .map(([first, more]): [bigint, bigint] => [first, first + more]);

const nat: fc.Arbitrary<Nat> = fc.oneof(
  fc.constant({ kind: null, address: null, ports: null, persistent: false, choice: null } as const),
  fc
    .record({
      kind: fc.constantFrom("src" as const, "dst" as const),
      family: fc.constantFrom(4 as const, 6 as const),
      addresses: fc.option(range),
      portRange: fc.option(fc.tuple(fc.nat(65535), fc.nat(65535))),
      persistent: fc.boolean(),
      choice: fc.option(fc.constantFrom("hash" as const, "random" as const)),
    })
    .map(({ kind, family, addresses, portRange, persistent, choice }) => ({
      kind,
      address:
        addresses === null
          ? null
          : {
              family,
              first: addresses[0],
              last: addresses[1],
            },
      ports: portRange && { first: Math.min(...portRange), last: Math.max(...portRange) },
      persistent,
      choice,
    })),
);

const setField = fc
  .constantFrom(...anywhere)
  .chain((field) =>
    fieldMatch(field).map(({ value, mask }): Action => ({ kind: "set_field", field, value, mask })),
  );

const simple: fc.Arbitrary<Action> = fc.oneof(
  port.map((p): Action => ({ kind: "output", port: p })),
  fc
    .constantFrom("in_port", "normal", "flood", "all", "local")
    .map((kind): Action => ({ kind }) as Action),
  fc
    .constantFrom("pop_vlan", "ct_clear", "clear_actions", "exit")
    .map((kind): Action => ({ kind }) as Action),
  fc.nat(65535).map((maxLength): Action => ({ kind: "controller", maxLength })),
  fc
    .tuple(fc.option(port), fc.option(fc.nat(254)))
    .filter(([p, table]) => p !== null || table !== null)
    .map(([p, table]): Action => ({ kind: "resubmit", port: p, table })),
  setField,
  fc
    .constantFrom(...anywhere)
    .chain((field) =>
      subfield(field).chain((target) =>
        bits(target.bits).map((value): Action => ({ kind: "load", value, target })),
      ),
    ),
  fc
    .constantFrom(...anywhere)
    .chain((field) =>
      subfield(field).map((part): Action => ({ kind: "move", source: part, target: part })),
    ),
  bits(48).map((value): Action => ({ kind: "mod", name: "mod_dl_dst", value })),
  fc.constantFrom(0x8100, 0x88a8).map((ethType): Action => ({ kind: "push_vlan", ethType })),
  fc.array(fc.nat(255), { maxLength: 6 }).map((bytes): Action => ({ kind: "note", bytes })),
);

const ct: fc.Arbitrary<Action> = fc
  .record({
    force: fc.boolean(),
    zone: fc.nat(65535),
    table: fc.option(fc.nat(254)),
    nat: fc.option(nat),
    value: bits(32),
    exec: fc.boolean(),
  })
  .map(({ force, zone, table, nat, value, exec }) => ({
    kind: "ct",
    commit: true,
    force,
    zone,
    table,
    nat,
    exec: exec ? [{ kind: "set_field", field: mark, value, mask: fullMask(mark) }] : [],
  }));

const nested = fc
  .array(simple, { maxLength: 3 })
  .map((actions): Action => ({ kind: "clone", actions }));

const rule: fc.Arbitrary<Rule> = match.chain((m) => {
  const kinds = meets(m, "ip") ? [simple, ct, nested] : [simple, nested];
  return fc.record({
    table: fc.nat(254),
    priority: fc.nat(65535),
    cookie: bits(64),
    match: fc.constant(m),
    actions: fc.array(fc.oneof(...kinds), { maxLength: 5 }),
  });
});

test("every rule reads back as it was written", (t) => {
  fc.assert(
    fc.property(rule, (r) => {
      t.deepEqual(parseRule(formatRule(r)), r);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test("a file of rules reads back as it was written", (t) => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 10 }), (rules) => {
      t.deepEqual(parseRules(formatRules(rules)), rules);
    }),
  );
  t.pass();
});
