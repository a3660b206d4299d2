import { fileURLToPath } from "node:url";
import type { RunningCommand } from "../../src/base/command.ts";

/** The system's Python: Debian's mininet and this script need nothing else. */
export const PYTHON = "/usr/bin/python3";
export const PACKETS_SCRIPT = fileURLToPath(new URL("packets.py", import.meta.url));
const HEADER_BYTES = 5;

/** What sends frames through an interface. */
export function sendCommand(name: string): [file: string, ...args: string[]] {
  return [PYTHON, PACKETS_SCRIPT, "--send-only", name];
}

/** One record for packets.py. */
export function sendRecord(index: number, frame: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + frame.length);
  const view = new DataView(record.buffer);
  view.setUint8(0, index);
  view.setUint32(1, frame.length, true);
  record.set(frame, HEADER_BYTES);
  return record;
}

/** Sends frames as they are through an interface of this network namespace. */
export class PacketSocket {
  readonly #interface: string;
  #started: Promise<RunningCommand> | null = null;
  #command: RunningCommand | null = null;

  private constructor(name: string) {
    this.#interface = name;
  }

  /** Nothing is started before the first frame. */
  static lazy(name: string): PacketSocket {
    return new PacketSocket(name);
  }

  /** Frames leave in the order in which they were given. */
  send(frame: Uint8Array): void {
    const record = sendRecord(0, frame);
    if (this.#command !== null) {
      this.#command.stdin.write(record);
      return;
    }
    this.#started ??= this.#start();
    void this.#started.then((command) => {
      this.#command = command;
      command.stdin.write(record);
    });
  }

  /** What starts programs takes longer to load than all the rest of a host, and few hosts send frames. */
  async #start(): Promise<RunningCommand> {
    const { EXECUTE } = await import("../command/runner.ts");
    const [file, ...args] = sendCommand(this.#interface);
    return EXECUTE.start(file, args, { name: "FRAMES" });
  }
}
