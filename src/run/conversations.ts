import { RUN_LIMITS } from "../base/limits.ts";
import { LINKTYPE_ETHERNET } from "../pcap/link-types.ts";
import { dissect } from "../wire/dissect.ts";
import { Dissection, OUTCOME, TCP_FLAG } from "../wire/dissection.ts";
import { readIpv4Address } from "../wire/ip-address.ts";
import { readMac } from "../wire/mac.ts";
import type { UplinkTally } from "./tally.ts";

const DNS_PORT = 53;
/** A UDP conversation without a packet for so long is over, for conntrack too (of the network's time). */
const IDLE_NS = 30_000_000_000n;

/** A conversation of one suspect with somebody outside, as the uplink shows it. */
export interface Conversation {
  readonly protocol: "tcp" | "udp" | "dns";
  readonly client: string;
  readonly server: string;
  /** Whether it was open at the verdict: TCP established and not closed; UDP answered, and not silent for long. */
  readonly open: boolean;
  /** The last frame that left in it before the cut; `null` where none did. */
  readonly lastBeforeCutNs: bigint | null;
  readonly lastAfterCutNs: bigint | null;
  readonly framesAfterVerdict: number;
  readonly framesAfterCut: number;
}

interface State {
  readonly protocol: Conversation["protocol"];
  readonly client: string;
  readonly server: string;
  /** TCP: both sides have agreed. UDP: the server has answered. */
  isAnswered: boolean;
  isClosed: boolean;
  /** Of either direction, before the verdict. */
  lastSeenNs: bigint | null;
  lastBeforeCutNs: bigint | null;
  lastAfterCutNs: bigint | null;
  framesAfterVerdict: number;
  framesAfterCut: number;
}

/** The conversations that suspects have with the outside, before their verdict and after it. */
export class Conversations {
  readonly #bySuspect = new Map<string, Map<string, State>>();
  readonly #uplink: UplinkTally;
  readonly #headers = new Dissection();

  /** `macs`: the suspects. `uplink` knows when each was judged and cut off. */
  constructor(macs: Iterable<string>, uplink: UplinkTally) {
    for (const mac of macs) this.#bySuspect.set(mac, new Map());
    this.#uplink = uplink;
  }

  /** A frame passes the uplink, out (`leaves`) or in. */
  frame(bytes: Uint8Array, timeNs: bigint, leaves: boolean): void {
    const mac = readMac(bytes, leaves ? 6 : 0);
    const states = this.#bySuspect.get(mac);
    if (states === undefined) return;
    const headers = this.#headers;
    const outcome = dissect(headers, LINKTYPE_ETHERNET, bytes, 0, bytes.length, bytes.length);
    if ((outcome !== OUTCOME.tcp && outcome !== OUTCOME.udp) || headers.family !== 4) return;
    const flags = outcome === OUTCOME.tcp ? headers.flags : 0;
    const state = this.#stateOf(states, bytes, leaves, outcome === OUTCOME.tcp);
    const { verdictNs = null, cutNs = null } = this.#uplink.of(mac) ?? {};
    if (verdictNs === null || timeNs < verdictNs) {
      state.lastSeenNs = timeNs;
      const agrees = (flags & (TCP_FLAG.syn | TCP_FLAG.ack)) === (TCP_FLAG.syn | TCP_FLAG.ack);
      if (!leaves && (outcome === OUTCOME.udp || agrees)) state.isAnswered = true;
      if ((flags & (TCP_FLAG.fin | TCP_FLAG.rst)) !== 0) state.isClosed = true;
    } else if (leaves) state.framesAfterVerdict++;
    if (!leaves) return;
    if (cutNs === null || timeNs <= cutNs) state.lastBeforeCutNs = timeNs;
    else {
      state.framesAfterCut++;
      state.lastAfterCutNs = timeNs;
    }
  }

  /** What a suspect had going on at its verdict, or not long before. `speed`: lab seconds in one of the network. */
  of(mac: string, speed: number): Conversation[] {
    const verdictNs = this.#uplink.of(mac)?.verdictNs ?? null;
    if (verdictNs === null) return [];
    const idleNs = IDLE_NS * BigInt(Math.round(speed));
    return [...(this.#bySuspect.get(mac)?.values() ?? [])].flatMap((state) => {
      const { lastSeenNs, isAnswered, isClosed, ...shown } = state;
      const silentNs = lastSeenNs === null ? null : verdictNs - lastSeenNs;
      const isRecent = silentNs !== null && silentNs <= idleNs;
      const isHeld = isAnswered && !isClosed;
      const open = isHeld && (isRecent || state.protocol === "tcp");
      // Of what is over only the last is shown: in a fast lab much is not long ago for the network.
      const isLast = silentNs !== null && silentNs <= IDLE_NS;
      return open || isLast || state.framesAfterVerdict > 0 ? [{ ...shown, open }] : [];
    });
  }

  #stateOf(states: Map<string, State>, bytes: Uint8Array, leaves: boolean, isTcp: boolean): State {
    const { sourceAt, destinationAt, sourcePort, destinationPort, flags } = this.#headers;
    const source = `${readIpv4Address(bytes, sourceAt)}:${sourcePort}`;
    const destination = `${readIpv4Address(bytes, destinationAt)}:${destinationPort}`;
    const [client, server] = leaves ? [source, destination] : [destination, source];
    const key = `${isTcp ? "tcp" : "udp"} ${client} ${server}`;
    const known = states.get(key);
    // A port that is used again begins another conversation.
    const isNew = isTcp && (flags & (TCP_FLAG.syn | TCP_FLAG.ack)) === TCP_FLAG.syn;
    if (known !== undefined && !(isNew && known.isClosed)) return known;
    const [oldest] = states.keys();
    if (states.size >= RUN_LIMITS.conversationsMax && oldest !== undefined) states.delete(oldest);
    const isDns = !isTcp && (leaves ? destinationPort : sourcePort) === DNS_PORT;
    const state: State = {
      protocol: isTcp ? "tcp" : isDns ? "dns" : "udp",
      client,
      server,
      isAnswered: false,
      isClosed: false,
      lastSeenNs: null,
      lastBeforeCutNs: null,
      lastAfterCutNs: null,
      framesAfterVerdict: 0,
      framesAfterCut: 0,
    };
    states.set(key, state);
    return state;
  }
}
