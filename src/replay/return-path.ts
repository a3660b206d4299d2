import { emitTcpFrame, type Route } from "../wire/packet.ts";
import { emitTcpOptions } from "../wire/tcp-options.ts";
import type { Segment } from "./segment.ts";

/** What fits behind IPv4 or IPv6 and TCP headers without options into 1500 bytes. */
const MSS_IPV4 = 1_460;
const MSS_IPV6 = 1_440;

/** The way back to a bot: addresses, as which and to which frames are sent. */
export class ReturnPath {
  readonly mss: number;
  readonly #route: Route;
  readonly #serverPort: number;
  readonly #botPort: number;
  #identification = 0;

  constructor(route: Route, serverPort: number, botPort: number) {
    this.#route = route;
    this.#serverPort = serverPort;
    this.#botPort = botPort;
    this.mss = route.source.includes(":") ? MSS_IPV6 : MSS_IPV4;
  }

  /** The segment as a frame. */
  frame(segment: Segment): Uint8Array {
    const { sequence, acknowledgement, flags, window, mss, payload } = segment;
    this.#identification = (this.#identification + 1) & 0xffff;
    const { destinationMac, sourceMac, source, destination, vlan } = this.#route;
    return emitTcpFrame({
      destinationMac,
      sourceMac,
      source,
      destination,
      ...(vlan === undefined ? {} : { vlan }),
      identification: this.#identification,
      tcp: {
        sourcePort: this.#serverPort,
        destinationPort: this.#botPort,
        sequence,
        acknowledgement,
        flags,
        window,
        ...(mss === undefined ? {} : { options: emitTcpOptions({ maximumSegmentSize: mss }) }),
      },
      payload,
    });
  }
}
