/** IPv4 addresses and subnets as numbers, for the checks of a scenario. */

/** The address as an unsigned number. The text is an IPv4 address: the schema has checked it. */
function addressNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** A subnet as its first and last address. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
  /** False where the text has bits set behind the prefix, as in 10.10.0.7/24. */
  readonly aligned: boolean;
}

export function subnetRange(subnet: string): AddressRange {
  const [address = "", prefix = "32"] = subnet.split("/");
  const size = 2 ** (32 - Number(prefix));
  const start = addressNumber(address);
  const first = start - (start % size);
  return { first, last: first + size - 1, aligned: first === start };
}

/** Whether the address can be a host's: inside, and neither the network's own nor the broadcast address. */
export function isHostOf(address: string, range: AddressRange): boolean {
  const number = addressNumber(address);
  return number > range.first && number < range.last;
}

/** Addresses that hosts can have. */
export function hostCount(range: AddressRange): number {
  return Math.max(0, range.last - range.first - 1);
}

export function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}
