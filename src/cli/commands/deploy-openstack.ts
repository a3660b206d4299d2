import { openStackNeeds } from "../../../lab/openstack/needs.ts";
import { standUp } from "../../../lab/openstack/stand-up.ts";
import { recordedLabs } from "../../../lab/state/journal.ts";
import { ownerOf, removeLab } from "../../../lab/state/leftovers.ts";
import { EXIT, type ExitStatus, LabUnavailableError } from "../../base/errors.ts";
import { untilStopped } from "../interrupt.ts";
import type { Io } from "../io.ts";
import { labLines, stateOf } from "../lab-state.ts";

/** Bring up an OpenStack from the machine's packages. It stays up, without this process, until `destroy`. */
export async function deployOpenStack(io: Io): Promise<ExitStatus> {
  const { missing, isRoot, devices } = openStackNeeds();
  if (missing.length > 0 || devices.length > 0 || !isRoot) {
    const lacks = [...missing, ...devices.map(({ path }) => path), ...(isRoot ? [] : ["root"])];
    throw new LabUnavailableError(`the openstack lab lacks ${lacks.join(", ")}`, {
      mend: "`isoreplay doctor` says how to mend it",
    });
  }
  const start = performance.now();
  const coming = standUp({
    stays: true,
    progress: {
      begins: (stage, what) => io.progress(`${stage}: ${what}`),
      ends: (stage, ms, bytes) =>
        io.note(`${stage.padEnd(10)} ${seconds(ms)}  ${gibibytes(bytes)}`),
    },
  });
  const lab = await Promise.race([coming, untilStopped()]);
  if (lab === undefined) {
    // What it still waited for fails now, because we end it.
    coming.catch(() => {});
    for (const own of recordedLabs().filter((each) => ownerOf(each)?.pid === process.pid))
      await removeLab(own);
    throw new LabUnavailableError("stopped before the lab was up; nothing of it is left");
  }
  io.note(
    `up after ${seconds(performance.now() - start).trim()}, its processes held at most ${gibibytes(lab.peakBytes)}`,
  );
  const own = recordedLabs().filter(({ label }) => label === lab.label);
  for (const line of own.map(stateOf).flatMap(labLines)) io.out.line(line);
  io.out.line("`isoreplay destroy` takes it down");
  await io.out.flush();
  return EXIT.pass;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
