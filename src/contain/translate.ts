import type { CtAction, Nat } from "../rule/action.ts";
import { fieldNamed } from "../rule/field.ts";
import { CT_STATE_BITS } from "../rule/match.ts";
import { type Tracked, tupleOf, turned } from "./connection.ts";
import { constant, constantOf, type Fresh, read, type State, write } from "./state.ts";

const CT_STATE = fieldNamed("ct_state");

/**
 * NAT: of a new connection, the address in the range that was chosen, or, with the range exhausted, the packet as it
 * came and nothing committed. Of a connection that stands, its translation.
 */
export function translated(
  state: State,
  tracked: Tracked,
  action: CtAction,
  fresh: Fresh,
): State[] {
  const { nat } = action;
  const { family } = state.class;
  const { original, reply } = tracked;
  if (nat === null || (family !== 4 && family !== 6) || original === null || reply === null)
    return [state];
  switch (tracked.verdict) {
    case "new":
      if (nat.kind === null || !action.commit || tracked.begunBy !== null) return [state];
      return begun(state, tracked, nat.kind, nat, fresh);
    case "established":
      if (tracked.nat === null) return [state];
      return tracked.nat === "dst"
        ? [rewritten(state, "dst", reply.source, reply.sourcePort, "dnat")]
        : [rewritten(state, "src", reply.destination, reply.destinationPort, "snat")];
    case "reply":
      if (tracked.nat === null) return [state];
      return tracked.nat === "dst"
        ? [rewritten(state, "src", original.destination, original.destinationPort, "snat")]
        : [rewritten(state, "dst", original.source, original.sourcePort, "dnat")];
    case "invalid":
    case "related":
    case "related reply":
      // An error is translated as the connection is: to which address depends on who sent it.
      if (tracked.nat === null) return [state];
      return (["src", "dst"] as const).flatMap((side) => [
        state,
        rewritten(state, side, fresh.take(original.source.length), null, null),
      ]);
  }
}

/** The first packet of a translated connection. */
function begun(
  state: State,
  tracked: Tracked,
  side: "src" | "dst",
  { address, ports }: Nat,
  fresh: Fresh,
): State[] {
  const bits = state.class.family === 4 ? 32 : 128;
  const chosen =
    address === null
      ? null
      : address.first === address.last
        ? constant(address.first, bits)
        : fresh.take(bits);
  const given =
    ports === null
      ? null
      : ports.first === ports.last
        ? constant(BigInt(ports.first), 16)
        : fresh.take(16);
  const flag = side === "src" ? "snat" : "dnat";
  const finish = (next: State): State => {
    const replies = tupleOf(next);
    if (replies === null) return next;
    const own: Tracked = { ...tracked, reply: turned(replies), nat: side };
    return { ...next, tracked: own, known: [...next.known.slice(0, -1), own] };
  };
  const lost: Tracked = { ...tracked, original: null, reply: null };
  const states = [finish(rewritten(state, side, chosen, given, flag))];
  // Two sources may share an address behind the translation: then the second gets another port.
  if (side === "src" && ports === null)
    states.push(finish(rewritten(state, side, chosen, fresh.take(16), flag)));
  return [...states, { ...state, tracked: lost, known: [...state.known.slice(0, -1), lost] }];
}

function rewritten(
  state: State,
  side: "src" | "dst",
  address: readonly number[] | null,
  port: readonly number[] | null,
  flag: "snat" | "dnat" | null,
): State {
  const { family, transport } = state.class;
  let next = state;
  if (address !== null)
    next = write(next, fieldNamed(`${family === 4 ? "ip" : "ipv6"}_${side}`), address);
  if (port !== null && (transport === "tcp" || transport === "udp" || transport === "sctp"))
    next = write(next, fieldNamed(`${transport}_${side}`), port);
  const bit = CT_STATE_BITS.find(([name]) => name === flag)?.[1] ?? 0;
  const seen = constantOf(read(next, CT_STATE)) ?? 0n;
  return write(next, CT_STATE, constant(seen | BigInt(bit), CT_STATE.bits));
}
