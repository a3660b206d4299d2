import type { Operation } from "./operation.ts";

/**
 * The same operations, those that learn a rule in front: Open vSwitch adds it while it walks the tables, so that it is
 * there when the packet comes to a table again (`xlate_learn_action`).
 */
export function learnedFirst(operations: readonly Operation[]): readonly Operation[] {
  if (!operations.some(learns)) return operations;
  const [learning, others] = divide(operations);
  return [...learning, ...others];
}

function learns(operation: Operation): boolean {
  return (
    operation.op === "learn" || (operation.op === "clone" && operation.operations.some(learns))
  );
}

function divide(operations: readonly Operation[]): [learning: Operation[], others: Operation[]] {
  const learning: Operation[] = [];
  const others: Operation[] = [];
  for (const operation of operations) {
    if (operation.op === "learn") learning.push(operation);
    else if (operation.op === "clone" && learns(operation)) {
      const [inner, rest] = divide(operation.operations);
      learning.push(...inner);
      others.push({ ...operation, operations: rest });
    } else others.push(operation);
  }
  return [learning, others];
}
