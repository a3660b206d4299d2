import type { Nat } from "./action.ts";
import type { ActionContext } from "./call.ts";
import { nearest, type Piece, splitList } from "./piece.ts";
import { meets } from "./prerequisite.ts";
import { parseIpv4, parseIpv6, parseNumber } from "./value.ts";

const NAT_KEYS = ["src", "dst", "persistent", "hash", "random"];

type Range = Pick<Nat, "address" | "ports">;

const NO_RANGE: Range = { address: null, ports: null };

/** What stands in the brackets of `nat(…)`; `null`: there are none. Throws InputError. */
export function parseNat(piece: Piece | null, { match }: ActionContext): Nat {
  let kind: Nat["kind"] = null;
  let range = NO_RANGE;
  let persistent = false;
  let choice: Nat["choice"] = null;
  for (const part of piece === null ? [] : splitList(piece)) {
    const [key, value] = part.cut("=") ?? [part, null];
    switch (key.text) {
      case "src":
      case "dst":
        if (kind !== null) throw part.error("nat takes one of src and dst");
        kind = key.text;
        if (value !== null) range = parseNatRange(value);
        if (match !== null && range.address !== null) {
          const family = `ipv${range.address.family}` as const;
          if (!meets(match, family))
            throw part.error(`this address needs ${family} in the rule's match`);
        }
        break;
      case "persistent":
        persistent = true;
        break;
      case "hash":
      case "random":
        if (choice !== null) throw part.error("nat takes one of hash and random");
        choice = key.text;
        break;
      default: {
        const near = nearest(key.text, NAT_KEYS);
        throw part.expected(
          near === null ? NAT_KEYS.join(", ") : `a part of nat (nearest: ${near})`,
        );
      }
    }
  }
  if (piece !== null && kind === null && (persistent || choice !== null)) {
    throw piece.error("persistent, hash and random need src or dst");
  }
  // How to choose says nothing where there is nothing to choose from.
  if (range.address === null) return { kind, ...NO_RANGE, persistent: false, choice: null };
  return { kind, ...range, persistent, choice };
}

/** `ADDRESS[-ADDRESS][:PORT[-PORT]]`; an IPv6 address with ports stands in brackets. */
function parseNatRange(piece: Piece): Range {
  const bracketed = /^(\[[^\]]*\](?:-\[[^\]]*\])?)(:.*)?$/.exec(piece.text);
  const v6 = bracketed !== null || (piece.text.match(/:/g)?.length ?? 0) > 1;
  const addressLength =
    bracketed?.[1]?.length ?? (v6 ? piece.text.length : piece.text.indexOf(":"));
  const addresses = piece.slice(0, addressLength < 0 ? piece.text.length : addressLength);
  const portsAt = addressLength < 0 ? piece.text.length : addressLength + 1;
  const address = addresses.text === "" ? null : parseAddressRange(addresses, v6);
  const portText = piece.slice(Math.min(portsAt, piece.text.length));
  const ports = portText.text === "" ? null : parsePortRange(portText);
  if (address === null) return NO_RANGE;
  // The address 0 is no address: only the port may change, where it must.
  if (address.first !== 0n) return { address, ports };
  if (address.last !== 0n || portText.text !== "") throw piece.expected("an address other than 0");
  return NO_RANGE;
}

function parseAddressRange(piece: Piece, v6: boolean): NonNullable<Nat["address"]> {
  const [first, last] = piece.cut("-") ?? [piece, piece];
  const parse = (p: Piece): bigint => {
    const bare = p.text.startsWith("[") ? p.slice(1, p.text.length - 1) : p;
    return v6 ? parseIpv6(bare) : parseIpv4(bare);
  };
  const range = { family: v6 ? 6 : 4, first: parse(first), last: parse(last) } as const;
  if (range.last < range.first) throw last.error("the last address is below the first");
  return range;
}

function parsePortRange(piece: Piece): Nat["ports"] {
  const [firstText, lastText] = piece.cut("-") ?? [piece, piece];
  const first = Number(parseNumber(firstText, 16, "a port"));
  const last = Number(parseNumber(lastText, 16, "a port"));
  if (last < first) throw lastText.error("the last port is below the first");
  if (first === 0 && last !== 0) throw piece.expected("ports above 0");
  return first === 0 ? null : { first, last };
}
