/** The bridge's own port, or one of those that it was given. */
export type DevicePort = number | "LOCAL";

/** What a packet-out may call its ingress. */
export type PacketOutPort = DevicePort | "CONTROLLER" | "NONE";

/** A frame that left the switch. */
export interface SentFrame {
  readonly port: DevicePort;
  readonly bytes: Uint8Array;
}

/** A packet that went to the controller. */
export interface SeenPacketIn {
  /** As `ovs-ofctl monitor` prints it, from the table to the reason: `total_len=60 in_port=1 (via no_match)`. */
  readonly meta: string;
  readonly bytes: Uint8Array;
}

export interface Reaction {
  /** In the order in which they left; that between ports says nothing. */
  readonly sent: readonly SentFrame[];
  readonly packetIns: readonly SeenPacketIn[];
}

/** A command of `ovs-ofctl` without the bridge's name. */
export interface OfctlCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** What the command would read from a file or stdin (`add-flows`), or the flow itself. */
  readonly text: string | null;
}

/**
 * A bridge under test with `fail-mode=secure` and a clock that stands still. Whatever it refuses rejects with an
 * IsoreplayError that says why; then nothing has changed.
 */
export interface CaseSwitch {
  /** Text of `ovs-ofctl add-flows`. Called once, before everything else. */
  addFlows(text: string): Promise<void>;
  packet(inPort: DevicePort, bytes: Uint8Array): Promise<Reaction>;
  packetOut(inPort: PacketOutPort, actions: string, bytes: Uint8Array): Promise<Reaction>;
  /** Lines of `dpctl/dump-conntrack`, in any order. */
  conntrack(): Promise<readonly string[]>;
  /** Lines of `dump-flows -O OpenFlow15`, in any order. */
  dumpFlows(): Promise<readonly string[]>;
  ofctl(command: OfctlCommand): Promise<void>;
  /** Arguments of `dpctl/flush-conntrack`, or of `ovs-ofctl ct-flush`. */
  flush(args: readonly string[], via: "dpctl" | "ofctl"): Promise<void>;
  /** A `dpctl/…` command about connection tracking; gives what it prints. */
  dpctl(command: string, args: readonly string[]): Promise<string>;
  /** Virtual time goes on. */
  warp(ms: number): Promise<void>;
}
