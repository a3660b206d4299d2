import type { Prerequisite } from "../../src/rule/field.ts";
import { W } from "./layout.ts";

/** Whether the packet with this key has the fields with that prerequisite. */
export function hasFields(key: Int32Array, prerequisite: Prerequisite): boolean {
  const type = key[W.ethType];
  const ip = type === 0x0800 || type === 0x86dd;
  const whole = (key[W.ipFrag]! & 2) === 0;
  const protocol = ip && whole ? key[W.nwProto] : 0;
  switch (prerequisite) {
    case "none":
      return true;
    case "vlan":
      return (key[W.vlanTci]! & 0x1000) !== 0;
    case "arp":
      return type === 0x0806 || type === 0x8035;
    case "ipv4":
      return type === 0x0800;
    case "ipv6":
      return type === 0x86dd;
    case "ip":
      return ip;
    case "tcp":
      return protocol === 6;
    case "udp":
      return protocol === 17;
    case "sctp":
      return protocol === 132;
    case "icmp":
      return type === 0x0800 && protocol === 1;
    case "icmp6":
      return type === 0x86dd && protocol === 58;
    case "nd":
      return hasNd(key, protocol, 135) || hasNd(key, protocol, 136);
    case "nd_solicit":
      return hasNd(key, protocol, 135);
    case "nd_advert":
      return hasNd(key, protocol, 136);
    // What is not there reads as zero.
    case "ct":
    case "ct_ipv4":
    case "ct_ipv6":
    case "ct_ports":
      return true;
  }
}

function hasNd(key: Int32Array, protocol: number | undefined, type: number): boolean {
  return key[W.ethType] === 0x86dd && protocol === 58 && key[W.tpSrc] === type;
}
