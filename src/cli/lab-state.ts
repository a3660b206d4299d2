import { existsSync } from "node:fs";
import { insideScript } from "../../lab/openstack/namespaces.ts";
import type { RecordedLab } from "../../lab/state/journal.ts";
import { hasOwner, ownerOf, processesOf } from "../../lab/state/leftovers.ts";
import { enterCommand, readPlaces } from "../../lab/state/places.ts";
import { counted } from "../report/number.ts";

export interface LabState {
  readonly label: string;
  readonly name: string | null;
  readonly state: "up" | "left behind";
  /** It was deployed, and belongs to no loop. */
  readonly stays: boolean;
  /** The process that made it. */
  readonly pid: number | null;
  readonly processes: number;
  readonly hosts: number;
  /** The command that runs another one inside, with credentials; `null` where the lab has none. */
  readonly inside: string | null;
  /** Hosts that can be entered. */
  readonly places: readonly {
    readonly name: string;
    readonly bridge: string;
    readonly address: string;
    readonly mac: string;
    readonly enter: string;
  }[];
}

/** What the journal of a lab, and the machine, say of it. */
export function stateOf(lab: RecordedLab): LabState {
  const owner = ownerOf(lab);
  const isUp = hasOwner(lab);
  const places = isUp ? readPlaces(lab.folder) : null;
  return {
    label: lab.label,
    name: owner?.name ?? null,
    state: isUp ? "up" : "left behind",
    stays: owner?.stays ?? false,
    pid: owner?.pid ?? null,
    processes: processesOf(lab.label).length,
    hosts: lab.entries.filter(({ kind }) => kind === "host").length,
    inside:
      isUp && existsSync(insideScript(lab.folder)) ? `sudo ${insideScript(lab.folder)}` : null,
    places:
      places?.hosts.map(({ name, bridge, address, mac, pid }) => {
        return { name, bridge, address, mac, enter: enterCommand(places, pid) };
      }) ?? [],
  };
}

/** A lab in one line, and a line for each host that can be entered. */
export function labLines(lab: LabState): string[] {
  const { label, name, state, stays, pid, processes, hosts, inside, places } = lab;
  const head =
    `${label}  ${state}${stays ? ", deployed" : ""}  ${name ?? "?"}  ${counted(hosts, "host")}, ` +
    `${counted(processes, "process", "processes")}${pid === null ? "" : `, made by ${pid}`}`;
  const width = (key: "name" | "bridge" | "address") =>
    Math.max(0, ...places.map((place) => place[key].length));
  const [names, bridges, addresses] = [width("name"), width("bridge"), width("address")];
  const lines = places.map(
    ({ name, bridge, address, enter }) =>
      `  ${name.padEnd(names)}  ${bridge.padEnd(bridges)}  ${address.padEnd(addresses)}  ${enter}`,
  );
  const cloud = inside === null ? [] : [`  ${inside} openstack server list`, `  ${inside} bash`];
  return [head, ...lines, ...cloud];
}
