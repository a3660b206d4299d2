import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { SeenPacketIn } from "../../src/case/device.ts";
import { type PrivateOvs, stop } from "./private-ovs.ts";
import { Unixctl } from "./unixctl.ts";
import { waitFor } from "./wait.ts";

const START_MS_MAX = 10_000;
const PIECE_BYTES = 1 << 16;

/** Packet-ins whole, however long (OpenFlow 1.0's `miss_send_len`). */
const WHOLE = "65534";

/**
 * `ovs-ofctl monitor` as an OpenFlow 1.0 controller, which is told of table misses and expired TTLs, too. Its output is the
 * one text in which all metadata stands.
 */
export class PacketInMonitor implements AsyncDisposable {
  readonly #command: RunningCommand;
  readonly #control: Unixctl;
  readonly #fd: number;
  #at = 0;
  #text = "";

  private constructor(command: RunningCommand, control: Unixctl, path: string) {
    this.#command = command;
    this.#control = control;
    this.#fd = openSync(path, "r");
  }

  /** `target`: the bridge's management socket, as ovs-ofctl takes it. */
  static async start(ovs: PrivateOvs, target: string, folder: string): Promise<PacketInMonitor> {
    const [socket, output] = [join(folder, "monitor.ctl"), join(folder, "monitor.txt")];
    writeFileSync(output, "");
    // Three times more verbose: with the frame's bytes.
    const options = ["-m", "-P", "nxt_packet_in", `--unixctl=${socket}`];
    const monitor = ["monitor", target, WHOLE, "invalid_ttl"];
    const command = await ovs.start("ovs-ofctl", [...options, ...monitor]);
    let ended = false;
    command.ended.then(() => {
      ended = true;
    });
    const control = await waitFor("ovs-ofctl monitor", START_MS_MAX, () => {
      if (ended)
        throw new LabUnavailableError(`it ended while starting: ${command.complaint()}`, {
          where: "ovs-ofctl monitor",
        });
      return Unixctl.connect(socket);
    });
    await control.call("ofctl/set-output-file", output);
    return new PacketInMonitor(command, control, output);
  }

  /** What came since the last call; all that was sent before the call is among it. */
  async drain(): Promise<SeenPacketIn[]> {
    await this.#control.call("ofctl/barrier");
    const piece = Buffer.alloc(PIECE_BYTES);
    for (;;) {
      const read = readSync(this.#fd, piece, 0, PIECE_BYTES, this.#at);
      if (read === 0) break;
      this.#at += read;
      this.#text += piece.toString("latin1", 0, read);
    }
    const text = this.#text;
    this.#text = "";
    return parsePacketIns(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.close();
    await stop(this.#command);
    closeSync(this.#fd);
  }
}

const HEAD = /^(?:NXT|OFPT)_PACKET_IN.*?\(xid=0x[0-9a-f]+\): (.*?) data_len=/;
const DUMP = /^[0-9a-f]{8} {2}((?:[0-9a-f]{2}[ -]?)+)/;

/** The packet-ins in the output of `ovs-ofctl -m monitor`. */
export function parsePacketIns(text: string): SeenPacketIn[] {
  const found: { meta: string; hex: string }[] = [];
  for (const line of text.split("\n")) {
    const head = HEAD.exec(line);
    if (head !== null) found.push({ meta: head[1]!, hex: "" });
    const dump = DUMP.exec(line);
    const last = found.at(-1);
    if (dump !== null && last !== undefined) last.hex += dump[1]!.replace(/[ -]/g, "");
  }
  return found.map(({ meta, hex }) => ({ meta, bytes: Uint8Array.from(Buffer.from(hex, "hex")) }));
}
