import type { Plan, TapName } from "../../src/run/plan.ts";
import { readMac } from "../../src/wire/mac.ts";
import type { Tap } from "../packets/tap.ts";
import type { Capsule } from "./capsule.ts";
import { Mirror } from "./mirror.ts";
import type { OpenVSwitch } from "./ovs.ts";

/**
 * What the live analysis sees by: a mirror of the uplink of `private`. The tap at the uplink's own cable stands beside the
 * switch and shows the same frames, so that one which the mirror did not copy is known to be missed.
 */
export class Sensor {
  readonly #capsule: Capsule;
  readonly #routerMac: string;
  #mirror: Mirror | null;
  #atUplink = 0;
  #mirrored = 0;
  /** Frames that left through the uplink while the mirror was there, and that it did not show. */
  missed = 0;

  private constructor(capsule: Capsule, routerMac: string, mirror: Mirror) {
    this.#capsule = capsule;
    this.#routerMac = routerMac;
    this.#mirror = mirror;
  }

  /** `uplink`: the switch's end of the cable to the router. */
  static async start(
    capsule: Capsule,
    ovs: OpenVSwitch,
    plan: Plan,
    uplink: string,
  ): Promise<Sensor> {
    const mac = plan.router.find(({ bridge }) => bridge === "private")?.mac ?? "";
    return new Sensor(capsule, mac, await Mirror.start(capsule, ovs, "private", uplink));
  }

  get interface(): string {
    return this.#mirror?.interface ?? "";
  }

  /** A tap has shown a frame. Frames that come from outside may be lost by the switch itself; only those that leave count. */
  saw(tap: TapName, towards: "bridge" | "device", bytes: Uint8Array): void {
    if (this.#mirror === null) return;
    if (tap === "uplink" && towards === "device") this.#atUplink++;
    if (tap === "mirror" && readMac(bytes, 6) !== this.#routerMac) this.#mirrored++;
  }

  /** Take the mirror away. */
  async end(tap: Tap): Promise<void> {
    const mirror = this.#mirror;
    if (mirror === null) return;
    await this.#drained(tap);
    const left = this.#atUplink;
    await mirror.remove();
    await this.#drained(tap);
    this.#mirror = null;
    this.missed = Math.max(0, left - this.#mirrored);
  }

  async #drained(tap: Tap): Promise<void> {
    const remark = "until the capture has shown everything";
    await this.#capsule.runner.instead(remark, () => tap.drained(), 0);
  }
}
