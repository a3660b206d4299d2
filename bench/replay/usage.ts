/** What the kernel tells of processes: `/proc/PID/stat` and `/proc/PID/status`, and what is reckoned from them. */

/** `sysconf(_SC_CLK_TCK)`: on Linux 100 on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessUse {
  readonly pid: number;
  readonly name: string;
  /** User and system time, of ended children that were waited for, too. */
  readonly cpuSeconds: number;
}

/** A line of `/proc/PID/stat` (proc(5)). The name may hold spaces and brackets, so that fields count from its last one. */
export function parseStat(text: string): ProcessUse {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  // After the name: state is field 3, utime 14, stime 15, cutime 16, cstime 17.
  const fields = text.slice(close + 2).split(" ");
  const ticks = [14, 15, 16, 17].reduce((sum, field) => sum + Number(fields[field - 3]), 0);
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
}

/** The largest resident memory of a process so far, in MB, from `/proc/PID/status`; 0 where it is not told. */
export function peakMegabytes(status: string): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Processor seconds by process name between two looks. A process that is new at the second look counts from its start. */
export function usedBetween(
  before: readonly ProcessUse[],
  after: readonly ProcessUse[],
): Map<string, number> {
  const start = new Map(before.map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
  const used = new Map<string, number>();
  for (const { pid, name, cpuSeconds } of after) {
    const own = cpuSeconds - (start.get(pid) ?? 0);
    used.set(name, (used.get(name) ?? 0) + own);
  }
  return used;
}

/** Seconds of `/proc/stat` in which the whole machine did not idle, interrupts included. */
export function busySeconds(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = stat
    .slice(0, stat.indexOf("\n"))
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

/** User and system seconds of the ended children, from the output of a shell's `times`: its second line. */
export function childSeconds(times: string): number {
  const last = times.trim().split("\n").at(-1) ?? "";
  return [...last.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}
