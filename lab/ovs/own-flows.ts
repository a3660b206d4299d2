import type { DevicePort } from "../../src/case/device.ts";
import { PORT } from "../../src/rule/port.ts";
import { ETHER_TYPE, isTagType } from "../../src/wire/ethernet.ts";
import { MARKER_ETHER_TYPE } from "./marker.ts";

/** Tells our own flows from those under test. */
export const OWN_COOKIE = "0x69736f7265706c79";

const TAG_AT = 12;

/** The VLAN that stands for the bridge's own port: no other port has this number. */
const LOCAL_VLAN = 4094;

/** The flow that lets markers out through their port. */
export function markerFlow(port: number): string {
  const match = `priority=65535,dl_type=0x${MARKER_ETHER_TYPE.toString(16)}`;
  return `cookie=${OWN_COOKIE},table=0,${match},actions=output:${port}`;
}

/**
 * The flows that give a frame from the relay's port the port that its tag names, take the tag away, and begin anew. So
 * frames of many ports can wait in one queue, which keeps their order. Markers have no tag.
 */
export function relayFlows(relay: number, ports: readonly DevicePort[]): string[] {
  return ports.filter(hasVlan).map((port) => {
    const number = port === "LOCAL" ? PORT.local : port;
    const match = `priority=65535,in_port=${relay},dl_vlan=${vlanOf(port)}`;
    const actions = `pop_vlan,load:${number}->NXM_OF_IN_PORT[],resubmit(,0)`;
    return `cookie=${OWN_COOKIE},table=0,${match},actions=${actions}`;
  });
}

/** Whether a frame can be relayed: the switch reads one tag only, and that one is ours. */
export function isUntagged(bytes: Uint8Array): boolean {
  return bytes.length >= TAG_AT + 2 && !isTagType((bytes[TAG_AT]! << 8) | bytes[TAG_AT + 1]!);
}

/** A frame in hex with the tag of its port. */
export function taggedHex(arrival: {
  readonly port: DevicePort;
  readonly bytes: Uint8Array;
}): string {
  const { port, bytes } = arrival;
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  const tag =
    ETHER_TYPE.vlan.toString(16).padStart(4, "0") + vlanOf(port).toString(16).padStart(4, "0");
  return hex.slice(0, 2 * TAG_AT) + tag + hex.slice(2 * TAG_AT);
}

function hasVlan(port: DevicePort): boolean {
  return port === "LOCAL" || port < LOCAL_VLAN;
}

function vlanOf(port: DevicePort): number {
  return port === "LOCAL" ? LOCAL_VLAN : port;
}
