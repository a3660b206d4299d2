import type { ReplayWay } from "../run/way.ts";
import { natWay } from "./nat.ts";

export const proxyWay: ReplayWay = { ...natWay, name: "proxy", labs: ["mininet"] };
