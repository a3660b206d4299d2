/**
 * The virtual guest: the only thing that the emulated bot ever acts on. Nothing of the machine that runs the lab is
 * read or changed. What survives a reboot is on the volume; memory is lost with the power.
 */

export interface Cookie {
  readonly site: string;
  readonly name: string;
  readonly value: string;
}

export type EffectKind = "cookies-posted" | "homepage-set" | "power-off";

/** A behaviour that manifested: what was changed, when, and while the volume was attached to which network. */
export interface Effect {
  readonly kind: EffectKind;
  readonly timeNs: bigint;
  readonly network: string;
  readonly detail: string;
}

/** A disk image's content: plain values, so that a real lab can keep it as a file and hash it. */
export interface Volume {
  readonly botId: string;
  cookies: Cookie[];
  homepage: string;
}

/** What the guest's programs see and can do. */
export interface Guest {
  readonly volume: Volume;
  /** Record that a behaviour manifested. */
  manifest(kind: EffectKind, detail: string): void;
  /** Power the guest off: its programs and connections end at once. */
  powerOff(): void;
}
