import type { Action, CtAction, Nat } from "../rule/action.ts";
import type { Field } from "../rule/field.ts";
import { formatAction } from "../rule/format.ts";
import { CT_STATE_BITS, findFieldMatch, type Match } from "../rule/match.ts";
import { PORT, type PortRef } from "../rule/port.ts";
import type { Rule } from "../rule/rule.ts";
import { changedBy, type Doors, doorMatch, isGuarded } from "./doors.ts";
import type { Egress, PortNumber } from "./egress.ts";
import { type Finding, type FindingKind, portText } from "./finding.ts";

/** What the rules of a table do depends on. */
interface Place {
  readonly table: number;
  /** The translation that the packet has gone through on its way here. */
  readonly nat: Nat | null;
  readonly isTracked: boolean;
  /** On its way it was in `ct` with `nat`: where its connection is translated, so is it. */
  readonly isTranslated: boolean;
  /** Fields that the list has changed since its rule matched; null: nobody can say which. */
  readonly changed: readonly Field[] | null;
}

/**
 * Every way out that a rule set could offer, over-approximated: apart from the ingress port every match is taken for
 * satisfiable, whatever the rules above it. No finding: contained, whoever sends what. A finding may be a false alarm;
 * `exact.ts` tells. `ports` are those that frames come in through. Through `doors` a frame may leave only translated.
 * Throws InputError for a door that is no match.
 */
export function staticFindings(
  rules: readonly Rule[],
  ports: Iterable<PortNumber>,
  egress: Egress,
  doors: Doors = new Map(),
): Finding[] {
  return [...ports].flatMap((port) => {
    const ways = [...(doors.get(port) ?? [])];
    const guards = new Map(ways.map(([to, matches]) => [to, matches.map(doorMatch)]));
    return new Search(rules, port, egress.get(port) ?? new Set(), guards).run();
  });
}

class Search {
  readonly #tables: ReadonlyMap<number, readonly Rule[]>;
  readonly #from: PortNumber;
  readonly #allowed: ReadonlySet<PortNumber>;
  readonly #doors: ReadonlyMap<PortNumber, readonly Match[]>;
  readonly #seen = new Set<string>();
  readonly #findings = new Map<string, Finding>();

  constructor(
    rules: readonly Rule[],
    from: PortNumber,
    allowed: ReadonlySet<PortNumber>,
    doors: ReadonlyMap<PortNumber, readonly Match[]>,
  ) {
    this.#tables = Map.groupBy(
      rules.toSorted((a, b) => b.priority - a.priority),
      ({ table }) => table,
    );
    this.#from = from;
    this.#allowed = allowed;
    this.#doors = doors;
  }

  run(): Finding[] {
    this.#enter({ table: 0, nat: null, isTracked: false, isTranslated: false, changed: [] }, []);
    return [...this.#findings.values()];
  }

  /** `seenAs`: the port that the table's matches see. It is another one only for the look-up of a `resubmit(port,…)`. */
  #enter(place: Place, path: readonly Rule[], seenAs = this.#from): void {
    const { table, nat, isTracked, isTranslated } = place;
    const key = JSON.stringify([table, seenAs, natKey(nat), isTracked, isTranslated]);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const rules = (this.#tables.get(place.table) ?? []).filter(({ match }) =>
      portMatches(match.inPort, seenAs),
    );
    const last = rules.at(-1);
    const dropsLast =
      last !== undefined &&
      last.priority === 0 &&
      last.actions.length === 0 &&
      last.match.fields.length === 0;
    if (!dropsLast)
      this.#find("no final drop", null, `table ${place.table} has no drop of priority 0`, path);
    for (const rule of rules) {
      const here = [...path, rule];
      this.#list(rule.actions, { ...place, changed: [] }, here, rules);
    }
  }

  #list(
    actions: readonly Action[],
    place: Place,
    path: readonly Rule[],
    rivals: readonly Rule[],
  ): void {
    let here = place;
    for (const action of actions) {
      this.#action(action, here, path, rivals);
      // What the list sends from here on was to be translated, and no match of this rule can have asked whether it was.
      if (action.kind === "ct" && action.nat !== null && action.nat.kind !== null)
        here = { ...here, nat: action.nat, isTracked: true };
      const changed = changedBy(action);
      here = {
        ...here,
        changed: changed === null || here.changed === null ? null : [...here.changed, ...changed],
      };
    }
  }

  #action(action: Action, place: Place, path: readonly Rule[], rivals: readonly Rule[]): void {
    switch (action.kind) {
      case "output":
        this.#out(action.port, place, path, rivals);
        break;
      case "in_port":
        // Back to the sender: it goes no further than whence it came.
        break;
      case "local":
        this.#out(PORT.local, place, path, rivals);
        break;
      case "controller":
        this.#out(PORT.controller, place, path, rivals);
        break;
      case "normal":
      case "flood":
      case "all":
      case "output_field":
      case "group":
      case "learn":
        this.#find(
          "forbidden action",
          null,
          `${formatAction(action)} goes where nobody can say`,
          path,
        );
        break;
      case "resubmit":
        this.#enter(
          { ...place, table: action.table ?? place.table },
          path,
          typeof action.port === "number" && action.port !== PORT.inPort ? action.port : this.#from,
        );
        break;
      case "goto_table":
        this.#enter({ ...place, table: action.table }, path);
        break;
      case "ct":
        this.#track(action, place, path);
        break;
      case "clone":
      case "write_actions":
        this.#list(action.actions, place, path, rivals);
        break;
      case "set_field":
        if (action.field.name === "in_port") this.#movesPort(action, path);
        break;
      case "move":
      case "load":
        if (action.target.field.name === "in_port") this.#movesPort(action, path);
        break;
      case "pop":
        if (action.subfield.field.name === "in_port") this.#movesPort(action, path);
        break;
      default:
        // Changes the packet or nothing: it stays where it is.
        break;
    }
  }

  #track(action: CtAction, place: Place, path: readonly Rule[]): void {
    if (action.table === null) return;
    const nat = action.nat !== null && action.nat.kind !== null ? action.nat : place.nat;
    const isTranslated = place.isTranslated || action.nat !== null;
    this.#enter({ ...place, table: action.table, nat, isTracked: true, isTranslated }, path);
  }

  #movesPort(action: Action, path: readonly Rule[]): void {
    this.#find(
      "forbidden action",
      null,
      `${formatAction(action)} makes rules for other ports match`,
      path,
    );
  }

  #out(port: PortRef, place: Place, path: readonly Rule[], rivals: readonly Rule[]): void {
    if (typeof port === "string") {
      this.#find("forbidden action", null, `nobody knows the port "${port}"`, path);
      return;
    }
    // To the port that it came in through the switch sends nothing.
    if (port === this.#from || port === PORT.none || port === PORT.inPort) return;
    if (port === PORT.normal || port === PORT.flood || port === PORT.all || port === PORT.table) {
      this.#find("forbidden action", port, `${portText(port)} goes where nobody can say`, path);
      return;
    }
    if (!this.#allowed.has(port))
      this.#find(
        "way out",
        port,
        `${portText(this.#from)} gets out through ${portText(port)}`,
        path,
      );
    const rule = path.at(-1);
    if (rule === undefined) return;
    const doors = this.#doors.get(port);
    if (
      doors !== undefined &&
      !(place.isTranslated && isGuarded(rule.match, doors, place.changed))
    ) {
      const why = place.isTranslated
        ? "the rule does not ask for that"
        : "nothing on the way translates";
      const what = `${portText(this.#from)} may send to ${portText(port)} only what is translated, and ${why}`;
      this.#find("unguarded", port, what, path);
    }
    if (!place.isTracked) return;
    if (place.nat !== null && !requiresTranslation(rule, place.nat)) {
      const side = place.nat.kind === "src" ? "source" : "destination";
      const what = `the rule does not ask for the translated ${side}: with the range exhausted the packet leaves as it came`;
      this.#find("untranslated", port, what, path);
    }
    if (mayBeInvalid(rule) && !rivals.some((rival) => dropsInvalid(rival, rule.priority))) {
      const what = "no rule above drops ct_state=+inv, and this one does not exclude it";
      this.#find("invalid passes", port, what, path);
    }
  }

  #find(kind: FindingKind, to: PortNumber | null, what: string, path: readonly Rule[]): void {
    const key = `${kind} ${to} ${what}`;
    if (!this.#findings.has(key))
      this.#findings.set(key, { kind, from: this.#from, to, what, path });
  }
}

function portMatches(wanted: PortRef | null, port: PortNumber): boolean {
  // A name that nobody has resolved may be this port.
  return wanted === null || typeof wanted === "string" || wanted === port;
}

function natKey(nat: Nat | null): string {
  return nat === null
    ? ""
    : `${nat.kind} ${nat.address?.first} ${nat.address?.last} ${nat.ports?.first}`;
}

/** Whether the rule matches only what lies in the range that NAT translates to. */
function requiresTranslation(rule: Rule, { kind, address }: Nat): boolean {
  if (address === null) return true;
  const family = address.family === 4 ? "ip" : "ipv6";
  const match = findFieldMatch(rule.match, `${family}_${kind === "src" ? "src" : "dst"}`);
  if (match === undefined) return false;
  const free = ~match.mask & ((1n << BigInt(match.field.bits)) - 1n);
  return match.value >= address.first && (match.value | free) <= address.last;
}

const stateBit = (name: string) =>
  BigInt(CT_STATE_BITS.find(([other]) => other === name)?.[1] ?? 0);
const INVALID = stateBit("inv");
/** What an invalid packet never is. */
const VALID = stateBit("new") | stateBit("est") | stateBit("rel") | stateBit("rpl");

function mayBeInvalid({ match }: Rule): boolean {
  const state = findFieldMatch(match, "ct_state");
  if (state === undefined) return true;
  const excludesInvalid = (state.mask & INVALID) !== 0n && (state.value & INVALID) === 0n;
  return !excludesInvalid && (state.value & VALID) === 0n;
}

/** A rule that drops everything invalid, before a rule of this priority is asked. */
function dropsInvalid({ match, priority, actions }: Rule, below: number): boolean {
  if (priority <= below || actions.length > 0 || match.fields.length !== 1) return false;
  const state = findFieldMatch(match, "ct_state");
  if (state === undefined || (state.value & INVALID) === 0n) return false;
  // At most "tracked" besides: every invalid packet is that, too.
  return (state.mask & ~(INVALID | stateBit("trk"))) === 0n;
}
