/** A host behind the port of the same number. All addresses are for private use. */
export interface Host {
  readonly port: number;
  readonly mac: Uint8Array;
  readonly v4: Uint8Array;
  readonly v6: Uint8Array;
}

export type Transport = "tcp" | "udp" | "icmp" | "other" | "arp";

/** What two hosts may talk about. Few of them, so that connections form, meet and collide. */
export interface Talk {
  readonly transport: Transport;
  readonly isV6: boolean;
  readonly client: Host;
  readonly server: Host;
  /** What the client calls the server: an address that some rules translate, or the server's own. */
  readonly called: Host;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

function host(port: number): Host {
  const v6 = new Uint8Array(16);
  v6.set([0xfd, 0x00]);
  v6[15] = port;
  return {
    port,
    mac: Uint8Array.of(0x50, 0x54, 0, 0, 0, port),
    v4: Uint8Array.of(10, 1, 1, port),
    v6,
  };
}

const [A, B, C] = [host(1), host(2), host(3)] as const;

/** An address that no host has: rules translate to it and from it. */
const VIRTUAL = host(9);

export const HOSTS: readonly Host[] = [A, B, C];

function talk(
  transport: Transport,
  isV6: boolean,
  client: Host,
  server: Host,
  ports: readonly [number, number],
  called = server,
): Talk {
  const [sourcePort, destinationPort] = ports;
  return { transport, isV6, client, server, called, sourcePort, destinationPort };
}

export const TALKS: readonly Talk[] = [
  talk("tcp", false, A, B, [40_000, 80]),
  talk("udp", false, A, B, [5_000, 53]),
  talk("icmp", false, A, B, [7, 0]),
  talk("tcp", false, C, B, [40_000, 80]),
  talk("udp", false, C, B, [5_000, 53]),
  talk("tcp", true, A, B, [40_000, 80]),
  talk("udp", true, A, B, [5_000, 53]),
  talk("icmp", true, A, B, [7, 0]),
  talk("tcp", false, A, B, [40_000, 80], VIRTUAL),
  talk("udp", false, A, B, [5_000, 53], VIRTUAL),
  talk("tcp", true, C, B, [40_000, 80]),
  talk("tcp", false, B, A, [80, 40_000]),
  talk("tcp", false, A, B, [500, 8_080]),
  talk("arp", false, A, B, [0, 0]),
  talk("other", false, A, B, [0, 0]),
  talk("icmp", false, C, B, [7, 0]),
];
