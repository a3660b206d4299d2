import { UsageError } from "../base/errors.ts";
import type { PortNames } from "../rule/parse-match.ts";
import { PORT, reservedPort } from "../rule/port.ts";

/** Where a frame may go, as OpenFlow's number; reserved ports included. */
export type PortNumber = number;

/** By ingress port, the ports that what comes in there may leave through. A port that is not in it may send nowhere. */
export type Egress = ReadonlyMap<PortNumber, ReadonlySet<PortNumber>>;

/**
 * What was declared with `--egress IN=OUT[,OUT]…`: numbers, names of ports, LOCAL, CONTROLLER.
 * Throws UsageError for what is none.
 */
export function parseEgress(declarations: readonly string[], names: PortNames = new Map()): Egress {
  const egress = new Map<PortNumber, Set<PortNumber>>();
  for (const text of declarations) {
    const [from, to, ...more] = text.split("=");
    if (from === undefined || to === undefined || more.length > 0)
      throw new UsageError(`--egress ${text}: expected IN=OUT[,OUT]…`, {
        mend: "--egress 1=2,CONTROLLER",
      });
    const allowed = egress.get(portNumber(from, names)) ?? new Set();
    for (const name of to.split(",").filter((part) => part !== ""))
      allowed.add(portNumber(name, names));
    egress.set(portNumber(from, names), allowed);
  }
  return egress;
}

/** A port as it is declared. Throws UsageError for what is none. */
export function portNumber(text: string, names: PortNames): PortNumber {
  const name = text.trim();
  const number = /^\d+$/.test(name) ? Number(name) : (reservedPort(name) ?? names.get(name));
  if (number === undefined || number > PORT.none)
    throw new UsageError(
      name === "" ? "a port is missing in what may leave" : `there is no port ${name}`,
      {
        mend: "a port's number, its name, LOCAL or CONTROLLER",
      },
    );
  return number;
}
