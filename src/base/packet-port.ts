import type { Timers } from "./clock.ts";

/**
 * A port of a bridge that the analysis side holds: frames come in, frames go out, and nothing listens on a socket.
 * In the simulator it is a switch port, on a real Open vSwitch an OpenFlow connection (packet-in, packet-out).
 */
export interface PacketPort {
  readonly timers: Timers;
  send(frame: Uint8Array): void;
  /** Called with each frame that the bridge sends to this port. */
  onFrame(handler: (frame: Uint8Array) => void): void;
}
