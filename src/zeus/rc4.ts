/**
 * RC4, the cipher of Zeus's configuration, commands and reports (RFC 6229 has test vectors). It is broken and must
 * protect nothing: it stands here because the emulated traffic has to look the part, and because OpenSSL 3 keeps it
 * only in its legacy provider. Encrypting and decrypting are the same operation; the input is not changed.
 */
export function rc4(key: Uint8Array, input: Uint8Array): Uint8Array {
  if (key.length < 1 || key.length > 256) {
    throw new RangeError(`an RC4 key has 1 to 256 bytes, this one has ${key.length}`);
  }
  const state = new Uint8Array(256);
  for (let i = 0; i < 256; i++) state[i] = i;
  for (let i = 0, j = 0; i < 256; i++) {
    const si = state[i] ?? 0;
    j = (j + si + (key[i % key.length] ?? 0)) & 255;
    state[i] = state[j] ?? 0;
    state[j] = si;
  }
  const output = new Uint8Array(input.length);
  for (let n = 0, i = 0, j = 0; n < input.length; n++) {
    i = (i + 1) & 255;
    const si = state[i] ?? 0;
    j = (j + si) & 255;
    const sj = state[j] ?? 0;
    state[i] = sj;
    state[j] = si;
    output[n] = (input[n] ?? 0) ^ (state[(si + sj) & 255] ?? 0);
  }
  return output;
}
