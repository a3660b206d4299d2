import { natDoors, natEgress, natRules } from "../../src/isolate/nat-rules.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { natOracle } from "./nat-oracle.ts";
import { GATEWAY, OUTLET, PLAYED, RESPONDER, type RuleSet } from "./rule-sets.ts";

const network = {
  gatewayMac: GATEWAY.mac,
  gatewayAddress: GATEWAY.address,
  stations: PLAYED,
  responder: RESPONDER,
};

/** The rules of the way `nat`. What they must keep in is in `nat-oracle.ts`. */
export const NAT: RuleSet = {
  name: "nat",
  rules: parseRules(natRules(network)),
  watch: () => natOracle(),
  egress: natEgress(network),
  doors: natDoors(network),
  ports: [1, 2, OUTLET, RESPONDER.port],
  unwatched: RESPONDER.port,
};
