import { openSync, readdirSync, writeSync } from "node:fs";

/** Before each frame, as the device wants it (struct virtio_net_hdr): nothing is left to hardware. */
const HEADER_BYTES = 10;

/**
 * Sends frames as they are. Node has no raw sockets; a macvtap is a file, and what is written there leaves through the
 * interface below.
 */
export class FrameFile {
  #file: number | null = null;

  send(frame: Uint8Array): void {
    this.#file ??= openSync(`/dev/${this.#name()}`, "w");
    const bytes = new Uint8Array(HEADER_BYTES + frame.length);
    bytes.set(frame, HEADER_BYTES);
    writeSync(this.#file, bytes);
  }

  #name(): string {
    const name = readdirSync("/dev").find((entry) => /^tap\d+$/.test(entry));
    if (name === undefined) throw new Error("the guest has no macvtap");
    return name;
  }
}
