import { CommandError } from "../../src/base/command.ts";
import { EXECUTE, type Runner } from "../command/runner.ts";

/** The kernel's own switch. Loading it changes nothing for anybody who does not use it; Open vSwitch's service does the same. */
const MODULE = "openvswitch";

/**
 * What Mininet calls `kernel`, Open vSwitch's system datapath, where the kernel has it; else `user`, its netdev datapath. A
 * rehearsal gives a shell's variable.
 */
export function chooseDatapath(runner: Runner): Promise<string> {
  const how = `$(modprobe -q ${MODULE} && echo kernel || echo user)`;
  return runner.learn("DATAPATH", how, async () => ((await hasModule()) ? "kernel" : "user"));
}

async function hasModule(): Promise<boolean> {
  try {
    // Also true for what is built in or loaded.
    await EXECUTE.run("modprobe", ["-q", MODULE]);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
