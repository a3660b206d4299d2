import type { ReplayWay } from "../run/way.ts";
import type { Way } from "../scenario/way.ts";
import { natWay } from "./nat.ts";
import { packetWay } from "./packet.ts";
import { proxyWay } from "./proxy.ts";

/** Every way of replay as it is. */
export const ways: Readonly<Record<Way, ReplayWay>> = {
  packet: packetWay,
  nat: natWay,
  proxy: proxyWay,
};
