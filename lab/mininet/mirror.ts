import type { Capsule } from "./capsule.ts";
import type { OpenVSwitch } from "./ovs.ts";

const NAME = "sensor";
/** A cable that leads nowhere: the switch sends into one end, and who analyses listens at the other. */
const OUTPUT = "mirror0";
const LISTENING = "mirror1";

/**
 * A mirror in the switch: what comes in through a port, or leaves through it, is copied to a cable in the namespace without
 * addresses. The cable is the mirror's alone: Open vSwitch sends nothing else into it and takes nothing from it.
 */
export class Mirror {
  /** Where the copies arrive. */
  readonly interface = LISTENING;
  readonly #capsule: Capsule;
  readonly #ovs: OpenVSwitch;
  readonly #bridge: string;

  private constructor(capsule: Capsule, ovs: OpenVSwitch, bridge: string) {
    this.#capsule = capsule;
    this.#ovs = ovs;
    this.#bridge = bridge;
  }

  /** `port`: the name of the switch's end of the link that is mirrored. */
  static async start(
    capsule: Capsule,
    ovs: OpenVSwitch,
    bridge: string,
    port: string,
  ): Promise<Mirror> {
    await capsule.run(["ip", "link", "add", OUTPUT, "type", "veth", "peer", "name", LISTENING]);
    await capsule.run(["ip", "link", "set", OUTPUT, "up"]);
    await capsule.run(["ip", "link", "set", LISTENING, "up"]);
    await ovs.configure("add-port", bridge, OUTPUT);
    // A mirror's port is kept out of floods by itself; this says so to whoever looks.
    await ovs.noFlood(bridge, OUTPUT);
    await ovs.configure(
      ...["--", "--id=@seen", "get", "port", port, "--", "--id=@output", "get", "port", OUTPUT],
      ...["--", "--id=@mirror", "create", "mirror", `name=${NAME}`, "select_src_port=@seen"],
      ...["select_dst_port=@seen", "output_port=@output"],
      ...["--", "set", "bridge", bridge, "mirrors=@mirror"],
    );
    return new Mirror(capsule, ovs, bridge);
  }

  /** Nothing is copied any more, and the cable is gone. */
  async remove(): Promise<void> {
    await this.#ovs.configure("clear", "bridge", this.#bridge, "mirrors");
    await this.#ovs.configure("del-port", this.#bridge, OUTPUT);
    await this.#capsule.run(["ip", "link", "del", OUTPUT]);
  }
}
