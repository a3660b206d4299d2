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

/** Where a guest is plugged in and who hears of it: given by the lab. */
export interface GuestSurroundings {
  nowNs(): bigint;
  /** The network that the volume is attached to at this moment. */
  network(): string;
  onEffect(effect: Effect): void;
  /** End the guest's programs and connections. */
  onPowerOff(): void;
}

/**
 * A guest booted from a volume. The volume is used as it is, so what the guest changes survives it; everything else is
 * memory. One guest is one boot: after `powerOff` boot another guest from the same volume.
 */
export function createGuest(volume: Volume, surroundings: GuestSurroundings): Guest {
  let running = true;
  return {
    volume,
    manifest(kind, detail) {
      // A guest without power does nothing; a program that has not noticed yet must not leave an effect.
      if (!running) return;
      surroundings.onEffect({
        kind,
        detail,
        timeNs: surroundings.nowNs(),
        network: surroundings.network(),
      });
    },
    powerOff() {
      if (!running) return;
      running = false;
      surroundings.onPowerOff();
    },
  };
}
