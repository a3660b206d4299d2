import type { Transaction } from "./transaction.ts";

/** Room for everything of a line but its texts: keys, numbers, quotes. */
const FIXED_BYTES = 512;
/** Bytes that one unit of a string takes at most: the escape `\\u0000`. */
const UNIT_BYTES_MAX = 6;

/** 1 for what stands in JSON as it is: printable ASCII but for quote and backslash. */
const PLAIN = new Uint8Array(0x10000);
for (let code = 0x20; code < 0x7f; code++) if (code !== 0x22 && code !== 0x5c) PLAIN[code] = 1;

/**
 * Writes transaction records as lines of JSON in UTF-8: what JSON.stringify makes of `toRecord`, byte by byte. As
 * strings, put together from twenty pieces each, the records would be most of what the garbage collector has to clear away.
 */
export class RecordWriter {
  /** Bytes of every line's beginning, which stay where they are. */
  readonly #beginning: number;
  #bytes: Buffer;
  #length: number;

  /** @param capture name of the capture, as the reader knows it */
  constructor(capture: string) {
    this.#bytes = Buffer.from(`{"capture":${JSON.stringify(capture)},"client":"`);
    this.#beginning = this.#bytes.length;
    this.#length = this.#beginning;
  }

  /** The line that was written last, line end included, is bytes[0, length). */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  write(transaction: Transaction, firstNs: bigint): void {
    const t = transaction;
    const units = t.method.length + t.host.length + t.uri.length + t.contentType.length;
    this.#reserve(this.#beginning + UNIT_BYTES_MAX * units + FIXED_BYTES);
    this.#length = this.#beginning;
    this.#ascii(t.client.address);
    this.#ascii(":");
    this.#ascii(String(t.client.port));
    this.#ascii('","server":"');
    this.#ascii(t.server.address);
    this.#ascii(":");
    this.#ascii(String(t.server.port));
    this.#ascii('","time":');
    this.#ascii(String(Number(t.requestStartNs - firstNs) / 1e9));
    this.#ascii(',"method":');
    this.#quoted(t.method);
    this.#ascii(',"host":');
    this.#quoted(t.host);
    this.#ascii(',"uri":');
    this.#quoted(t.uri);
    this.#ascii(',"status":');
    this.#ascii(String(t.status));
    this.#ascii(',"requestBytes":');
    this.#ascii(String(t.requestBytes));
    this.#ascii(',"responseBytes":');
    this.#ascii(String(t.responseBytes));
    this.#ascii(',"contentType":');
    this.#quoted(t.contentType);
    this.#ascii(t.complete ? ',"complete":true}\n' : ',"complete":false}\n');
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const larger = Buffer.alloc(2 * bytes);
    this.#bytes.copy(larger, 0, 0, this.#beginning);
    this.#bytes = larger;
  }

  #ascii(text: string): void {
    const bytes = this.#bytes;
    const at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#length = at + text.length;
  }

  #quoted(text: string): void {
    const bytes = this.#bytes;
    const at = this.#length + 1;
    bytes[at - 1] = 0x22;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (PLAIN[code] === 0) {
        this.#length = at - 1;
        this.#length += bytes.write(JSON.stringify(text), this.#length);
        return;
      }
      bytes[at + i] = code;
    }
    bytes[at + text.length] = 0x22;
    this.#length = at + text.length + 1;
  }
}
