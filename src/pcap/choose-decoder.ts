import { u16, u32 } from "../wire/bytes.ts";
import type { CaptureDecoder, CapturePosition } from "./capture-decoder.ts";
import { classicDecoder } from "./classic-decoder.ts";
import { BLOCK_TYPE } from "./pcapng-block.ts";
import { PcapngDecoder } from "./pcapng-decoder.ts";

/** How many bytes of a file tell its format. */
export const MAGIC_BYTES = 4;

/** The decoder for a file that begins with these bytes. Throws InputError for what is no capture. */
export function chooseDecoder(start: Uint8Array, position: CapturePosition): CaptureDecoder {
  const decoder = classicDecoder(start, position);
  if (decoder !== null) return decoder;
  if (u32(start, 0) === BLOCK_TYPE.sectionHeader) return new PcapngDecoder(position);

  if (u16(start, 0) === 0x1f8b) {
    throw position.fileError("the file is compressed with gzip", "unpack it first: gunzip FILE");
  }
  if (u32(start, 0) === 0x28b52ffd) {
    throw position.fileError("the file is compressed with zstd", "unpack it first: unzstd FILE");
  }
  const magic = u32(start, 0).toString(16).padStart(8, "0");
  throw position.fileError(
    `this is neither pcap nor pcapng: it begins with the bytes ${magic}`,
    "if Wireshark can read it, convert it: editcap -F pcapng IN OUT",
  );
}
