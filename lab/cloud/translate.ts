import type { Action } from "../../src/rule/action.ts";
import { PORT, type PortRef } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";

/** Conntrack zones of a plan's rules lie far above those that Neutron gives to its networks. */
const ZONE_BASE = 60_000;
/** Neutron's way on, in every release with its Open vSwitch firewall: the table that the plain entrance leads to. */
const NEUTRON_TABLE = 60;
/** Tables of a plan's bridge. */
const TABLES_MAX = 10;

/** Where a plan's bridge lies on an integration bridge. */
export interface BridgePlace {
  /** Its table 0. */
  readonly base: number;
  /** By the plan's port number, the bridge's; what is not plugged in is not there. */
  readonly ports: ReadonlyMap<number, number>;
}

/**
 * A plan's rules as an integration bridge has them: in tables of their own, with its port numbers and zones of their own.
 * `normal` goes on to Neutron, which filters once more; `flood` reaches the plan's ports and nobody else's. A rule for a
 * port that is not plugged in is left out.
 */
export function toBridge(rules: readonly Rule[], place: BridgePlace, cookie: bigint): Rule[] {
  return rules.flatMap((rule): Rule[] => {
    const inPort = rule.match.inPort === null ? null : portOn(rule.match.inPort, place);
    if (inPort === undefined) return [];
    return [
      {
        ...rule,
        cookie,
        table: place.base + rule.table,
        match: { ...rule.match, inPort },
        actions: rule.actions.flatMap((action) => actionOn(action, place)),
      },
    ];
  });
}

function portOn(port: PortRef, { ports }: BridgePlace): number | undefined {
  return typeof port === "number" ? ports.get(port) : undefined;
}

function actionOn(action: Action, place: BridgePlace): Action[] {
  const { base, ports } = place;
  const output = (port: PortRef): Action[] => {
    const on = portOn(port, place);
    return on === undefined ? [] : [{ kind: "output", port: on }];
  };
  switch (action.kind) {
    case "output":
      return output(action.port);
    case "controller":
      return output(PORT.controller);
    case "normal":
      return [{ kind: "ct_clear" }, { kind: "resubmit", port: null, table: NEUTRON_TABLE }];
    case "flood":
      return [...ports.values()].map((port) => ({ kind: "output", port }));
    case "resubmit":
      return [{ ...action, table: base + (action.table ?? 0) }];
    case "goto_table":
      return [{ ...action, table: base + action.table }];
    case "ct":
      return [
        {
          ...action,
          zone: typeof action.zone === "number" ? ZONE_BASE + action.zone : action.zone,
          table: action.table === null ? null : base + action.table,
        },
      ];
    default:
      return [action];
  }
}

/** What of a bridge's rules is a plan's bridge's, back in the plan's words: as a check of the rules reads them. */
export function fromBridge(rules: readonly Rule[], place: BridgePlace, cookie: bigint): Rule[] {
  const { base, ports } = place;
  const planPort = new Map([...ports].map(([plan, on]) => [on, plan]));
  const back = (port: PortRef): PortRef =>
    typeof port === "number" ? (planPort.get(port) ?? port) : port;
  return rules
    .filter((rule) => rule.cookie === cookie && rule.table >= base)
    .filter(({ table }) => table < base + TABLES_MAX)
    .map((rule) => ({
      ...rule,
      cookie: 0n,
      table: rule.table - base,
      match: {
        ...rule.match,
        inPort: rule.match.inPort === null ? null : back(rule.match.inPort),
      },
      actions: rule.actions.flatMap((action): Action[] => {
        switch (action.kind) {
          case "output":
            return [{ ...action, port: back(action.port) }];
          case "resubmit":
          case "goto_table": {
            const table = (action.table ?? 0) - base;
            // Whatever lies outside of the own tables may do anything.
            return table >= 0 && table < TABLES_MAX ? [{ ...action, table }] : [{ kind: "normal" }];
          }
          case "ct":
            return [
              {
                ...action,
                zone: typeof action.zone === "number" ? action.zone - ZONE_BASE : action.zone,
                table: action.table === null ? null : action.table - base,
              },
            ];
          case "ct_clear":
            return [];
          default:
            return [action];
        }
      }),
    }));
}
