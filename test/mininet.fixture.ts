import type { ExecutionContext } from "ava";
import { mininetNeeds } from "../lab/mininet/needs.ts";

/** Set where the labs must be there: then their absence is a failure, and no test of theirs is skipped. */
const REQUIRED = "ISOREPLAY_REQUIRE_LABS";

/** Whether the lab can run here. Where it cannot, the test says why it is skipped. */
export function hasMininet(t: ExecutionContext): boolean {
  const { missing, isRoot, hasTun } = mininetNeeds();
  const lacks = [...missing, ...(isRoot ? [] : ["root"]), ...(hasTun ? [] : ["/dev/net/tun"])];
  if (lacks.length === 0) return true;
  if (process.env[REQUIRED] === undefined) t.log(`skipped: it needs ${lacks.join(", ")}`);
  t.is(process.env[REQUIRED], undefined, `the lab has to be there, but lacks ${lacks.join(", ")}`);
  return false;
}
