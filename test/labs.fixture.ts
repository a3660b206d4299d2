import type { ExecutionContext } from "ava";
import { guestNeeds } from "../lab/guest/needs.ts";
import { isOnPath, mininetNeeds } from "../lab/mininet/needs.ts";
import { PrivateOvs } from "../lab/ovs/private-ovs.ts";
import { LabUnavailableError } from "../src/base/errors.ts";

/** Set where the labs must be there: then their absence is a failure, and no test of theirs is skipped. */
const REQUIRED = "ISOREPLAY_REQUIRE_LABS";

/** Whether the Mininet lab can run here. Where it cannot, the test says why it is skipped. */
export function hasMininet(t: ExecutionContext): boolean {
  const { missing, isRoot, hasTun } = mininetNeeds();
  const lacks = [...missing, ...(isRoot ? [] : ["root"]), ...(hasTun ? [] : ["/dev/net/tun"])];
  if (lacks.length === 0) return true;
  skip(t, `it needs ${lacks.join(", ")}`);
  return false;
}

/** Whether the proxy of `replay.way: proxy` is installed here. Where it is not, the test says why it is skipped. */
export function hasProxy(t: ExecutionContext): boolean {
  if (isOnPath("mitmdump")) return true;
  skip(t, "it needs mitmproxy");
  return false;
}

/** Whether the guest with the kernel's datapath can be built and run here. Where not, the test says why it is skipped. */
export function hasGuest(t: ExecutionContext): boolean {
  if (!isAskedFor(t, "guest")) return false;
  const { missing } = guestNeeds();
  if (missing.length === 0) return true;
  skip(t, `it needs ${missing.join(", ")}`);
  return false;
}

/** Minutes of work, which an ordinary test run does without: `npm run test:NAME` asks for it. Where nobody did, the test says so. */
export function isAskedFor(t: ExecutionContext, name: "guest" | "vagrant" | "crashes"): boolean {
  if (process.env[`ISOREPLAY_TEST_${name.toUpperCase()}`] !== undefined) return true;
  t.log(`skipped: \`npm run test:${name}\` runs it`);
  t.pass();
  return false;
}

/** An Open vSwitch of one's own. `null` where there is none: then the test says so, and is skipped. */
export async function startOvs(t: ExecutionContext): Promise<PrivateOvs | null> {
  try {
    return await PrivateOvs.start();
  } catch (error) {
    if (!(error instanceof LabUnavailableError)) throw error;
    skip(t, error.line);
    return null;
  }
}

function skip(t: ExecutionContext, why: string): void {
  if (process.env[REQUIRED] === undefined) t.log(`skipped: ${why}`);
  t.is(process.env[REQUIRED], undefined, `the lab has to be there: ${why}`);
}
