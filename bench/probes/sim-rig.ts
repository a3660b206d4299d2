import { Switch } from "../../sim/switch/switch.ts";
import { Random } from "../../src/base/random.ts";
import { parseRules } from "../../src/rule/parse.ts";
import type { OnOutside, Rig } from "./rig.ts";
import { GUEST, NEIGHBOUR, OUTLET } from "./variants.ts";

const PLACES: ReadonlyMap<number | string, string> = new Map<number | string, string>([
  [OUTLET.port, "outlet"],
  [NEIGHBOUR.port, "neighbour"],
  ["LOCAL", "LOCAL"],
]);

/** The simulator's switch. */
export function simRig(onOutside: OnOutside): Rig {
  let nowNs = 0n;
  const bridge = new Switch({
    name: "isolation",
    clock: { nowNs: () => nowNs },
    random: Random.from("probes"),
  });
  for (const port of [GUEST.port, NEIGHBOUR.port, OUTLET.port]) bridge.addPort(port, `p${port}`);
  const counts = { toReplayer: 0, missed: 0, own: 0 };
  let lookedUp = 0;
  return {
    name: "the simulator's switch",
    places: [...PLACES.values()],
    counts,
    setRules: async (rules) => {
      bridge.setFlows(parseRules(rules));
      lookedUp = 0;
    },
    send: async (frames) => {
      for (const frame of frames) {
        // As many a second as a real switch takes.
        nowNs += 20_000n;
        lookedUp++;
        for (const { port, bytes } of bridge.receive(GUEST.port, frame)) {
          if (port === "CONTROLLER") counts.toReplayer++;
          else if (port !== GUEST.port) onOutside(PLACES.get(port) ?? `port ${port}`, bytes);
        }
      }
    },
    settled: async () => {},
    lookedUp: async () => lookedUp,
  };
}
