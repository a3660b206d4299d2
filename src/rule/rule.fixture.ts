import fc from "fast-check";
import type { Action, LearnSpec, Nat, Subfield } from "./action.ts";
import { FIELDS, type Field, fieldNamed, fullMask } from "./field.ts";
import { type FieldMatch, FRAG_WORDS, type Match, SHORTHANDS } from "./match.ts";
import { meets } from "./prerequisite.ts";
import { FLOW_FLAGS, type Rule } from "./rule.ts";

/** Fields that are written as parts of another one, so that a match never holds them. */
const PARTS = /^(?:vlan_vid|vlan_pcp|ip_dscp|in_port|in_port_oxm|eth_type|nw_proto|x{1,2}reg\d+)$/;

const bits = (count: number): fc.Arbitrary<bigint> => fc.bigInt(0n, (1n << BigInt(count)) - 1n);

const mask = (field: Field): fc.Arbitrary<bigint> =>
  field.maskable
    ? fc.oneof(
        fc.constant(fullMask(field)),
        bits(field.bits).filter((m) => m !== 0n),
      )
    : fc.constant(fullMask(field));

function fieldMatch(field: Field): fc.Arbitrary<FieldMatch> {
  if (field.format === "frag") {
    return fc.constantFrom(...FRAG_WORDS).map(([, value, m]) => ({ field, value, mask: m }));
  }
  if (field.name === "nw_tos") return bits(6).map((v) => ({ field, value: v << 2n, mask: 0xfcn }));
  if (field.name === "ct_nw_proto")
    return fc.integer({ min: 1, max: 255 }).map((v) => exactly(field.name, BigInt(v)));
  if (field.name === "arp_op")
    return bits(8).map((value) => ({ field, value, mask: fullMask(field) }));
  if (field.name === "vlan_tci") {
    const id = fc.tuple(
      bits(13),
      bits(13).filter((m) => m !== 0n),
    );
    return fc
      .oneof(
        id,
        id.map(([v, m]): [bigint, bigint] => [v | 0x3000n, m | 0xf000n]),
      )
      .map(([v, m]) => ({ field, value: v & m, mask: m }));
  }
  if (field.name === "ct_state") {
    const states = fc.integer({ min: 1, max: 255 }).map(BigInt);
    return fc.tuple(bits(8), states).map(([v, m]) => ({ field, value: v & m, mask: m }));
  }
  return fc
    .tuple(bits(field.bits), mask(field))
    .map(([v, m]) => ({ field, value: v & m, mask: m }));
}

const exactly = (name: string, value: bigint): FieldMatch => ({
  field: fieldNamed(name),
  value,
  mask: fullMask(fieldNamed(name)),
});

/** What gives other fields their meaning. */
const base: fc.Arbitrary<readonly FieldMatch[]> = fc
  .record({
    protocol: fc.option(fc.constantFrom(...SHORTHANDS.values()), { freq: 6 }),
    neighbour: fc.constantFrom(null, 135n, 136n),
    tracked: fc.boolean(),
    ports: fc.boolean(),
    vlan: fc.boolean(),
  })
  .map(({ protocol, neighbour, tracked, ports, vlan }) => [
    ...(protocol == null ? [] : [exactly("eth_type", BigInt(protocol[0]))]),
    ...(protocol?.[1] == null ? [] : [exactly("nw_proto", BigInt(protocol[1]))]),
    ...(protocol?.[1] === 58 && neighbour !== null ? [exactly("icmpv6_type", neighbour)] : []),
    ...(tracked ? [{ field: fieldNamed("ct_state"), value: 0x22n, mask: 0x22n }] : []),
    ...(tracked && ports ? [exactly("ct_nw_proto", 6n)] : []),
    ...(vlan ? [{ field: fieldNamed("vlan_tci"), value: 0x1005n, mask: 0x1fffn }] : []),
  ]);

const inPort = fc.option(
  fc.oneof(fc.integer({ min: 1, max: 0xfeff }), fc.constantFrom("vm-1", "tap0", "local")),
);

const match: fc.Arbitrary<Match> = fc
  .tuple(base, inPort)
  .chain(([fixed, port]) => {
    const known = (field: Field) => fixed.some((condition) => condition.field === field);
    const possible = FIELDS.filter(
      (f) =>
        !PARTS.test(f.name) && !known(f) && meets({ inPort: null, fields: fixed }, f.prerequisite),
    );
    return fc.subarray(possible, { maxLength: 4 }).chain((chosen) =>
      fc.tuple(...chosen.map(fieldMatch)).map((conditions) => {
        const all = [...fixed, ...conditions];
        return { inPort: port, fields: FIELDS.flatMap((f) => all.filter((c) => c.field === f)) };
      }),
    );
  })
  .filter((m) => m.fields.every(({ field }) => meets(m, field.prerequisite)));

function subfield(field: Field): fc.Arbitrary<Subfield> {
  return fc
    .tuple(fc.nat(field.bits - 1), fc.nat(field.bits - 1))
    .map(([a, b]) => ({ field, start: Math.min(a, b), bits: Math.abs(a - b) + 1 }));
}

const port = fc.oneof(
  fc.integer({ min: 1, max: 0xfeff }),
  fc.constantFrom("vm-1", "output", "drop"),
);
const byte = fc.nat(255);

const range = fc
  .tuple(
    bits(31).map((first) => first + 1n),
    bits(31),
  )
  .map(([first, more]): [bigint, bigint] => [first, first + more]);

const nat = (family: 4 | 6): fc.Arbitrary<Nat> =>
  fc.oneof(
    fc.record({
      kind: fc.constantFrom(null, "src" as const, "dst" as const),
      address: fc.constant(null),
      ports: fc.constant(null),
      persistent: fc.constant(false),
      choice: fc.constant(null),
    }),
    fc.record({
      kind: fc.constantFrom("src" as const, "dst" as const),
      address: range.map(([first, last]) => ({ family, first, last })),
      ports: fc.option(
        fc
          .tuple(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 1, max: 65535 }))
          .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })),
      ),
      persistent: fc.boolean(),
      choice: fc.option(fc.constantFrom("hash" as const, "random" as const)),
    }),
  );

function setField(field: Field): fc.Arbitrary<Action> {
  const kind = "set_field" as const;
  if (field.name === "nw_tos")
    return bits(6).map((v) => ({ kind, field, value: v << 2n, mask: fullMask(field) }));
  return fc.tuple(bits(field.bits), mask(field)).map(([value, m]): Action => {
    const tagged = field.name === "vlan_vid" ? 0x1000n : 0n;
    return { kind, field, value: (value & m) | tagged, mask: m | tagged };
  });
}

function load(target: Subfield): fc.Arbitrary<Action> {
  const whole = target.field.name === "nw_tos";
  return bits(target.bits).map(
    (value): Action => ({ kind: "load", value: whole ? 0n : value, target }),
  );
}

const sized = <K extends Action["kind"]>(kind: K) =>
  fc.constant({ kind } as Extract<Action, { kind: K }>);

const outputs: fc.Arbitrary<Action> = fc.oneof(
  port.map((p): Action => ({ kind: "output", port: p })),
  fc
    .tuple(port, fc.integer({ min: 14, max: 65535 }))
    .map(([p, maxLength]): Action => ({ kind: "output", port: p, maxLength })),
  fc.constantFrom<Action>(
    { kind: "in_port" },
    { kind: "normal" },
    { kind: "flood" },
    { kind: "all" },
    { kind: "local" },
  ),
  fc.nat(65535).map((maxLength): Action => ({ kind: "controller", maxLength })),
  fc
    .record({
      kind: fc.constant("controller" as const),
      maxLength: fc.nat(65535),
      reason: fc.constantFrom("no_match" as const, "group" as const),
      id: fc.integer({ min: 1, max: 65535 }),
      userdata: fc.array(byte, { minLength: 1, maxLength: 5 }),
    })
    .map((action): Action => action),
  fc
    .tuple(fc.option(port), fc.option(fc.nat(254)))
    .filter(([p, table]) => p !== null || table !== null)
    .map(([p, table]): Action => ({ kind: "resubmit", port: p, table })),
  fc.nat(0xffff).map((queue): Action => ({ kind: "set_queue", queue })),
  fc.nat(0xffff).map((group): Action => ({ kind: "group", group })),
);

/** Fields that the rule's packets have, by what may be done with them. */
function changes(m: Match): fc.Arbitrary<Action> {
  const readable = FIELDS.filter((f) => meets(m, f.prerequisite) && !/^ct_/.test(f.name));
  const writable = readable.filter((f) => f.writable && f.name !== "in_port");
  const settable = writable.filter((f) => f.name !== "vlan_vid" || meets(m, "vlan"));
  // What takes the tag away would take the meaning from what follows.
  const stable = settable.filter((f) => f.name !== "vlan_tci");
  const loadable = stable.filter((f) => f.name !== "vlan_vid");
  return fc.oneof(
    fc.constantFrom(...stable).chain(setField),
    fc.constantFrom(...loadable).chain((field) => subfield(field).chain(load)),
    fc
      .tuple(
        fc.constantFrom(...readable.filter((f) => f.name !== "vlan_vid")),
        fc.constantFrom(...loadable),
      )
      .chain(([source, target]) =>
        fc.integer({ min: 1, max: Math.min(source.bits, target.bits) }).map(
          (count): Action => ({
            kind: "move",
            source: { field: source, start: source.bits - count, bits: count },
            target: { field: target, start: 0, bits: count },
          }),
        ),
      ),
    fc
      .constantFrom(...readable.filter((f) => f.name !== "vlan_vid"))
      .chain((field) => subfield(field).map((part): Action => ({ kind: "push", subfield: part }))),
    bits(48).map((value): Action => ({ kind: "mod", name: "mod_dl_dst", value })),
    bits(12).map((value): Action => ({ kind: "mod", name: "mod_vlan_vid", value })),
    fc.constantFrom(0x8100, 0x88a8).map((ethType): Action => ({ kind: "push_vlan", ethType })),
    fc.array(byte, { maxLength: 6 }).map((bytes): Action => ({ kind: "note", bytes })),
    fc.constantFrom<Action>({ kind: "ct_clear" }, { kind: "exit" }, { kind: "pop_queue" }),
  );
}

const mark = fieldNamed("ct_mark");

function ipActions(family: 4 | 6): fc.Arbitrary<Action> {
  const ct = fc
    .record({
      force: fc.boolean(),
      zone: fc.oneof(fc.nat(65535), fc.constant({ field: fieldNamed("reg3"), start: 4, bits: 16 })),
      table: fc.option(fc.nat(254)),
      nat: fc.option(nat(family)),
      value: bits(32),
      exec: fc.boolean(),
      late: fc.boolean(),
    })
    .map(
      ({ value, exec, late, ...rest }): Action => ({
        kind: "ct",
        commit: true,
        ...rest,
        exec: exec ? [{ kind: "set_field", field: mark, value, mask: fullMask(mark) }] : [],
        ...(exec && late && rest.nat !== null ? { natLast: true as const } : {}),
      }),
    );
  return fc.oneof(
    ct,
    sized("dec_ttl"),
    bits(8).map((value): Action => ({ kind: "mod", name: "mod_nw_ttl", value })),
  );
}

const learnSpec: fc.Arbitrary<LearnSpec> = fc.oneof(
  fc.constantFrom<LearnSpec>(
    {
      kind: "match",
      target: { field: fieldNamed("eth_dst"), start: 0, bits: 48 },
      source: { field: fieldNamed("eth_src"), start: 0, bits: 48 },
    },
    {
      kind: "match",
      target: { field: fieldNamed("vlan_tci"), start: 0, bits: 12 },
      source: { field: fieldNamed("vlan_tci"), start: 0, bits: 12 },
    },
    { kind: "output", source: { field: fieldNamed("in_port"), start: 0, bits: 16 } },
  ),
  bits(8).map(
    (value): LearnSpec => ({
      kind: "load",
      target: { field: fieldNamed("reg1"), start: 3, bits: 8 },
      source: { value },
    }),
  ),
  bits(32).map(
    (value): LearnSpec => ({
      kind: "match",
      target: { field: fieldNamed("reg2"), start: 0, bits: 32 },
      source: { value },
    }),
  ),
);

const learn: fc.Arbitrary<Action> = fc
  .record({
    table: fc.nat(254),
    priority: fc.nat(65535),
    cookie: bits(64),
    idleTimeout: fc.nat(65535),
    hardTimeout: fc.nat(65535),
    specs: fc.array(learnSpec, { maxLength: 3 }),
  })
  .map((rest): Action => ({ kind: "learn", ...rest }));

/** What an action set may hold. */
const setActions: fc.Arbitrary<Action> = fc.oneof(
  port.map((p): Action => ({ kind: "output", port: p })),
  fc.nat(0xffff).map((group): Action => ({ kind: "group", group })),
  fc.constantFrom<Action>({ kind: "in_port" }, { kind: "normal" }, { kind: "ct_clear" }),
  setField(fieldNamed("reg7")),
);

/** Instructions, which stand behind the actions. */
const instructions = (table: number): fc.Arbitrary<readonly Action[]> =>
  fc
    .tuple(
      fc.option(sized("clear_actions")),
      fc.option(
        fc
          .array(setActions, { maxLength: 2 })
          .map((actions): Action => ({ kind: "write_actions", actions })),
      ),
      fc.option(
        fc
          .tuple(bits(64), bits(64))
          .map(([value, m]): Action => ({ kind: "write_metadata", value, mask: m })),
      ),
      fc.option(
        fc
          .integer({ min: Math.min(table + 1, 254), max: 254 })
          .map((to): Action => ({ kind: "goto_table", table: to })),
      ),
    )
    .map(
      (list) =>
        list.filter(
          (action) => action !== null && !(action.kind === "goto_table" && table === 254),
        ) as Action[],
    );

function actionsOf(m: Match): fc.Arbitrary<Action> {
  const isInvalid = m.fields.some((c) => c.field.name === "ct_state" && (c.value & 0x10n) !== 0n);
  const family = isInvalid ? null : meets(m, "ipv4") ? 4 : meets(m, "ipv6") ? 6 : null;
  const flat = [outputs, changes(m), learn, ...(family === null ? [] : [ipActions(family)])];
  const nested = fc
    .array(fc.oneof(...flat), { maxLength: 3 })
    .map((actions): Action => ({ kind: "clone", actions }));
  return fc.oneof(...flat, nested);
}

const seconds = fc.integer({ min: 1, max: 65535 });

/** More than two tags are no packet any more. */
function tagsOnce(rule: Rule): boolean {
  const tagging = (actions: readonly Action[]): number =>
    actions.reduce((sum, action) => {
      if (action.kind === "clone" || action.kind === "write_actions")
        return sum + tagging(action.actions);
      const tags =
        action.kind === "push_vlan" || (action.kind === "mod" && /vlan/.test(action.name));
      return sum + (tags ? 1 : 0);
    }, 0);
  return tagging(rule.actions) < 2;
}

/** Rules of every kind that `parseRule` can read. */
export const anyRule: fc.Arbitrary<Rule> = fc
  .tuple(match, fc.nat(254))
  .chain(([m, table]) =>
    fc.record(
      {
        table: fc.constant(table),
        priority: fc.nat(65535),
        cookie: bits(64),
        match: fc.constant(m),
        actions: fc
          .tuple(fc.array(actionsOf(m), { maxLength: 5 }), instructions(table))
          .map(([list, last]) => [...list, ...last]),
        idleTimeout: seconds,
        hardTimeout: seconds,
        importance: seconds,
        flags: fc.subarray([...FLOW_FLAGS], { minLength: 1 }),
      },
      { requiredKeys: ["table", "priority", "cookie", "match", "actions"] },
    ),
  )
  .filter(tagsOnce);
