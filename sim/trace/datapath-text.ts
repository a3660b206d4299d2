import { formatAction } from "../../src/rule/format.ts";
import { formatPort } from "../../src/rule/port.ts";
import type { Operation } from "../switch/operation.ts";

/** Operations as `ofproto/trace` prints the datapath's actions; ports have their OpenFlow numbers. */
export function datapathText(operations: readonly Operation[]): string {
  const words = operations.map(word).filter((text) => text !== "");
  return words.length === 0 ? "drop" : words.join(",");
}

function word(operation: Operation): string {
  switch (operation.op) {
    case "output":
      return formatPort(operation.port);
    case "ct":
      return ctWord(operation);
    case "recirculate":
      return operation.frozen?.actions ? "recirc" : `recirc(table ${operation.table})`;
    case "hash":
      return "hash(sym_l4(0))";
    case "clone":
      return `clone(${datapathText(operation.operations)})`;
    case "controller":
      // A miss without a controller: nothing is done.
      return operation.reason === "action" ? "userspace(controller)" : "";
    case "write":
      return "set(…)";
    case "normal":
      return "normal";
    case "flood":
      return "flood";
    case "learn":
      return "learn(…)";
    default:
      return operation.op;
  }
}

function ctWord({ commit, force, zone, nat }: Extract<Operation, { op: "ct" }>): string {
  const action = { kind: "ct", commit, force, zone, nat, table: null, exec: [] } as const;
  return formatAction(action);
}
