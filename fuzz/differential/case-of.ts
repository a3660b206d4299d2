import { OvsCaseSwitch } from "../../lab/ovs/ovs-case-switch.ts";
import type { PrivateOvs } from "../../lab/ovs/private-ovs.ts";
import { IsoreplayError } from "../../src/base/errors.ts";
import type { Step, SwitchCase } from "../../src/case/case.ts";
import { record } from "../../src/case/record.ts";
import { GROUPS, type Operation, PORTS } from "./operation.ts";
import { rulesText } from "./rules.ts";
import type { Trial, Verdict } from "./trial.ts";

/** A trial as the draft of a switch case. */
export function caseOf(name: string, plan: Trial, { operations }: Verdict): SwitchCase {
  const rules = rulesText(plan.rules);
  const needsGroups = /group:/.test(rules);
  const before: Step[] = needsGroups
    ? [
        { op: "ofctl", cmd: "add-groups", args: ["-"], text: GROUPS },
        { op: "ofctl", cmd: "add-flows", args: ["-"], text: rules },
      ]
    : [];
  return {
    name,
    note: "what a random comparison has found",
    ports: [...PORTS],
    flows: needsGroups ? "" : rules,
    steps: [
      ...before,
      ...operations.flatMap(stepOf),
      { op: "ct", expect: [] },
      { op: "dump_flows", expect: [] },
    ],
  };
}

/** The text of the case as the real switch plays it; where it refuses, the draft as it is. */
export async function recordCase(ovs: PrivateOvs, draft: SwitchCase): Promise<string> {
  await using device = await OvsCaseSwitch.create(ovs, draft);
  try {
    return JSON.stringify(await record(draft, device, draft.name), null, 1);
  } catch (error) {
    if (!(error instanceof IsoreplayError)) throw error;
    return JSON.stringify(draft, null, 1);
  }
}

function stepOf(operation: Operation): Step[] {
  switch (operation.op) {
    case "packet": {
      const hex = Buffer.from(operation.bytes).toString("hex");
      return [{ op: "packet", in_port: operation.port, hex, expect: [] }];
    }
    case "warp":
      return [operation];
    case "flush":
      return [{ op: "flush", args: [...operation.args] }];
  }
}
