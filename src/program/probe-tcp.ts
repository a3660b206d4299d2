import { emitTcpFrame } from "../wire/packet.ts";
import { TCP_FLAG } from "../wire/tcp.ts";
import {
  anyPort,
  joinBytes,
  type ProbeBuilder,
  type ProbeContext,
  routesToCanary,
  routeTo,
} from "./probe-context.ts";
import { METADATA_ADDRESS } from "./probe-link.ts";

const { syn, ack, psh, rst, fin } = TCP_FLAG;
const NONE = new Uint8Array(0);
const WINDOW = 64_240;

/** An option for experiments (RFC 4727), so that a segment without data can carry the mark. */
function markOption(mark: Uint8Array): Uint8Array {
  const kind = 253;
  const length = 4 + mark.length;
  return joinBytes([kind, length, 0x69, 0x72], mark);
}

function segments(
  context: ProbeContext,
  flags: number,
  content: { readonly options?: Uint8Array; readonly payload?: Uint8Array },
): Uint8Array[] {
  return routesToCanary(context).map((route) => {
    const { random, canary } = context;
    return emitTcpFrame({
      ...route,
      tcp: {
        sourcePort: anyPort(random),
        destinationPort: canary.port,
        sequence: random.int(0, 0xffff_ffff),
        acknowledgement: (flags & ack) === 0 ? 0 : random.int(0, 0xffff_ffff),
        flags,
        window: WINDOW,
        ...(content.options === undefined ? {} : { options: content.options }),
      },
      payload: content.payload ?? NONE,
    });
  });
}

const metadataSyn: ProbeBuilder = (context, mark) => [
  emitTcpFrame({
    ...routeTo(context, METADATA_ADDRESS),
    tcp: {
      sourcePort: anyPort(context.random),
      destinationPort: 80,
      sequence: context.random.int(0, 0xffff_ffff),
      acknowledgement: 0,
      flags: syn,
      window: WINDOW,
      options: markOption(mark),
    },
    payload: NONE,
  }),
];

export const TCP_PROBES = {
  "tcp-syn": (context, mark) => [
    ...segments(context, syn, { options: markOption(mark) }),
    ...segments(context, syn, { payload: mark }),
  ],
  "tcp-ack": (context, mark) => segments(context, ack, { options: markOption(mark) }),
  "tcp-psh": (context, mark) => segments(context, psh | ack, { payload: mark }),
  "tcp-rst": (context, mark) => [
    ...segments(context, rst, { options: markOption(mark) }),
    ...segments(context, rst | ack, { options: markOption(mark) }),
  ],
  "tcp-fin": (context, mark) => segments(context, fin | ack, { options: markOption(mark) }),
  metadata: metadataSyn,
} satisfies Partial<Record<string, ProbeBuilder>>;
