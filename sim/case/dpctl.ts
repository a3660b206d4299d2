import { InputError } from "../../src/base/errors.ts";
import type { Switch } from "../switch/switch.ts";
import { runIpf } from "./ipf.ts";

/** A `dpctl/…` command of `ovs-appctl` about conntrack; gives what Open vSwitch 3.1 prints. Throws InputError in its words. */
export function runDpctl(
  bridge: Switch,
  command: string,
  all: readonly string[],
  nowMs: number,
): string {
  const { conntrack } = bridge;
  // Options count only in front of everything else, and the datapath's name may stand next.
  const optionsEnd = all.findIndex((arg) => !arg.startsWith("-"));
  const options = optionsEnd < 0 ? all : all.slice(0, optionsEnd);
  const args = all
    .filter((arg) => !arg.startsWith("-"))
    .filter((arg, i) => i > 0 || !/@|^ovs-/.test(arg));
  const more = options.some((option) => option === "-m" || option === "--more");
  const statistics = options.some((option) => option === "-s" || option === "--statistics");
  switch (command) {
    case "ct-enable-tcp-seq-chk":
    case "ct-disable-tcp-seq-chk":
      conntrack.liberal = command === "ct-disable-tcp-seq-chk";
      return `${conntrack.liberal ? "disabling" : "enabling"} TCP sequence checking successful\n`;
    case "ct-get-tcp-seq-chk":
      return `TCP sequence checking: ${conntrack.liberal ? "disabled" : "enabled"}\n`;
    case "ct-set-maxconns":
      conntrack.connectionsMax = whole(args[0], "maxconns missing or malformed");
      return "setting maxconns successful\n";
    case "ct-get-maxconns":
      return `${conntrack.connectionsMax}\n`;
    case "ct-get-nconns":
      return `${conntrack.count(nowMs)}\n`;
    case "ct-set-limits":
      return setLimits(bridge, args);
    case "ct-del-limits":
      for (const zone of zoneList(args)) conntrack.zoneLimits.delete(zone);
      return "";
    case "ct-get-limits":
      conntrack.table.sweep(nowMs);
      return limits(bridge, args);
    case "ct-stats-show":
      return conntrack.statistics(nowMs, more || args[0] === "verbose", zoneArgument(args));
    case "ct-bkts":
      return conntrack.buckets(nowMs, bucketArgument(args));
    case "dump-conntrack":
      return conntrack
        .dump(nowMs, { more, statistics, zone: zoneArgument(args) })
        .map((line) => `${line}\n`)
        .join("");
    case "flush-conntrack":
      conntrack.flush(args, nowMs);
      return "";
    default:
      if (command.startsWith("ipf-")) return runIpf(bridge.fragments, command, args);
      throw new InputError(`the simulator does not know the command dpctl/${command}`);
  }
}

function zoneArgument(args: readonly string[]): number | undefined {
  const text = args.find((arg) => arg.startsWith("zone="));
  return text === undefined ? undefined : whole(text.slice("zone=".length), "failed to parse zone");
}

/** `zone=1,2,5`. */
function zoneList(args: readonly string[]): number[] {
  const [text] = args;
  if (text === undefined) return [];
  if (!text.startsWith("zone=")) throw new InputError(`invalid argument ${text}`);
  return text
    .slice("zone=".length)
    .split(",")
    .map((zone) => whole(zone, "failed to parse zone") & 0xffff);
}

/** `default=10 zone=1,limit=5 zone=2,limit=3`. */
function setLimits({ conntrack }: Switch, args: readonly string[]): string {
  const wanted: (() => void)[] = [];
  for (const [i, arg] of args.entries()) {
    const standard = /^default=(.*)$/.exec(arg);
    if (standard !== null && i === 0) {
      const limit = whole(standard[1]?.split(",")[0], "invalid default limit");
      wanted.push(() => conntrack.zoneLimits.setDefault(limit));
      continue;
    }
    const own = /^zone=(\d+),limit=(\d+)$/.exec(arg);
    if (own === null) throw new InputError("failed to parse zone limit");
    const [zone, limit] = [Number(own[1]) & 0xffff, Number(own[2])];
    wanted.push(() => conntrack.zoneLimits.set(zone, limit));
  }
  for (const set of wanted) set();
  return "";
}

function limits({ conntrack }: Switch, args: readonly string[]): string {
  const { zoneLimits } = conntrack;
  const zones = args.length === 0 ? zoneLimits.zones : zoneList(args);
  const lines = zones.map((zone) => {
    const pool = zoneLimits.pool(zone);
    return `zone=${zone},limit=${pool?.limit ?? 0},count=${pool?.count ?? 0}\n`;
  });
  return `default limit=${zoneLimits.defaultLimit}\n${lines.join("")}`;
}

/** `gt=5`. */
function bucketArgument([text]: readonly string[]): number {
  if (text === undefined) return 0;
  if (!text.startsWith("gt=")) throw new InputError(`invalid argument ${text}`);
  return whole(text.slice("gt=".length), "failed to parse gt");
}

function whole(text: string | undefined, complaint: string): number {
  if (text === undefined || !/^\d+$/.test(text)) throw new InputError(complaint);
  return Number(text);
}
