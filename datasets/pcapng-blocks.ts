import { BLOCK_TYPE, BYTE_ORDER_MAGIC } from "../src/pcap/pcapng-block.ts";
import { Fields } from "./capture-files.ts";

export type Option = readonly [code: number, value: Uint8Array];

/** pcapng, block by block and in either byte order (draft-ietf-opsawg-pcapng): what other programs write. */
export class BlockWriter {
  readonly #little: boolean;
  readonly #file: Fields;

  constructor(little: boolean) {
    this.#little = little;
    this.#file = new Fields(little);
    const body = this.#fields().u32(BYTE_ORDER_MAGIC).u16(1, 0).u32(0xffffffff, 0xffffffff);
    const hardware = Buffer.from("made up", "latin1");
    this.block(BLOCK_TYPE.sectionHeader, this.#withOptions(body, [[2, hardware]]));
  }

  block(type: number, body: Uint8Array): this {
    const length = body.length + 12;
    this.#file.u32(type, length).bytes(body).u32(length);
    return this;
  }

  describe(linkType: number, options: readonly Option[]): this {
    const body = this.#fields().u16(linkType, 0).u32(65_535);
    return this.block(BLOCK_TYPE.interfaceDescription, this.#withOptions(body, options));
  }

  /** An enhanced packet block; `ticks` in the units of the interface. */
  packet(port: number, ticks: bigint, bytes: Uint8Array, options: readonly Option[] = []): this {
    const { length } = bytes;
    const body = this.#fields()
      .u32(port, Number(ticks >> 32n), Number(ticks & 0xffffffffn), length, length)
      .bytes(bytes, 4);
    return this.block(BLOCK_TYPE.enhancedPacket, this.#withOptions(body, options));
  }

  /** A number of 64 bits as an option's value. */
  wide(value: bigint): Uint8Array {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, value, this.#little);
    return bytes;
  }

  done(): Uint8Array {
    return this.#file.done();
  }

  #fields(): Fields {
    return new Fields(this.#little);
  }

  #withOptions(body: Fields, options: readonly Option[]): Uint8Array {
    for (const [code, value] of options) body.u16(code, value.length).bytes(value, 4);
    if (options.length > 0) body.u16(0, 0);
    return body.done();
  }
}
