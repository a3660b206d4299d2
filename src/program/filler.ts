/** Bodies without meaning, of an exact length. */

const encoder = new TextEncoder();
const SENTENCE = encoder.encode("This text is filler made for the lab and says nothing. ");

/** `length` bytes of text that repeats. */
export function fillerText(length: number): Uint8Array {
  const out = new Uint8Array(length);
  out.set(SENTENCE.subarray(0, length));
  // What is there is doubled again and again: a page costs a few copies, not one for each sentence.
  for (let filled = SENTENCE.length; filled < length; filled *= 2) {
    out.copyWithin(filled, 0, Math.min(filled, length - filled));
  }
  return out;
}

/** A page of HTML of exactly `length` bytes; a page too short for its own tags is cut. */
export function fillerPage(title: string, length: number): Uint8Array {
  const head = encoder.encode(`<!doctype html><title>${title}</title><p>`);
  const out = fillerText(length);
  out.set(head.subarray(0, length));
  return out;
}
