/** Where MAC addresses were last seen, for `normal`: per VLAN, forgotten after a while, limited in number. */
export class MacTable {
  /** By VLAN, then by address. */
  readonly #vlans = new Map<number, Map<number, { port: number; seenMs: number }>>();
  #size = 0;
  readonly #ageMs: number;
  readonly #max: number;

  constructor(limits: { readonly macAgeMs: number; readonly macsMax: number }) {
    this.#ageMs = limits.macAgeMs;
    this.#max = limits.macsMax;
  }

  learn(vlan: number, high: number, low: number, port: number, nowMs: number): void {
    let addresses = this.#vlans.get(vlan);
    if (addresses === undefined) {
      addresses = new Map();
      this.#vlans.set(vlan, addresses);
    }
    const address = high * 0x1_0000_0000 + (low >>> 0);
    const known = addresses.get(address);
    if (known !== undefined) {
      known.port = port;
      known.seenMs = nowMs;
      return;
    }
    if (this.#size >= this.#max) this.#makeRoom();
    addresses.set(address, { port, seenMs: nowMs });
    this.#size++;
  }

  /** The port behind which the address is, or `null`. */
  find(vlan: number, high: number, low: number, nowMs: number): number | null {
    const known = this.#vlans.get(vlan)?.get(high * 0x1_0000_0000 + (low >>> 0));
    return known === undefined || nowMs - known.seenMs >= this.#ageMs ? null : known.port;
  }

  forgetPort(port: number): void {
    for (const addresses of this.#vlans.values()) {
      for (const [address, known] of addresses) {
        if (known.port === port && addresses.delete(address)) this.#size--;
      }
    }
  }

  /** The address that was learned first goes. */
  #makeRoom(): void {
    for (const addresses of this.#vlans.values()) {
      for (const address of addresses.keys()) {
        addresses.delete(address);
        this.#size--;
        return;
      }
    }
  }
}
