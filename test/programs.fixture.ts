import type { ExecutionContext } from "ava";
import { isOnPath } from "../lab/mininet/needs.ts";

/** Set where the tools of the cloud lab have to be there: then their absence is a failure, and no test is skipped. */
const REQUIRED = "ISOREPLAY_REQUIRE_VAGRANT";

/** Whether a test's programs are here, and root's rights where it needs them. Where not, it says so and is skipped. */
export function hasPrograms(
  t: ExecutionContext,
  programs: readonly string[],
  asRoot = false,
): boolean {
  const lacks = [
    ...programs.filter((program) => !isOnPath(program)),
    ...(asRoot && process.getuid?.() !== 0 ? ["root's rights"] : []),
  ];
  if (lacks.length === 0) return true;
  const why = `skipped: it needs ${lacks.join(", ")}`;
  if (process.env[REQUIRED] === undefined) t.log(why);
  t.is(process.env[REQUIRED], undefined, why);
  return false;
}
