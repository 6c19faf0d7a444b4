/** Masks start at one of four bytes; a payload's pieces may begin anywhere in it. */
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * A copy of bytes, masked or unmasked: both are the same (RFC 6455, section 5.3).
 * @param key the mask's four bytes
 * @param offset where in its payload the first of the bytes stands
 */
export function applyMask(bytes: Buffer, key: Uint8Array, offset = 0): Buffer {
  const { length } = bytes;
  const plain = Buffer.allocUnsafe(length);
  bytes.copy(plain);
  const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((i) => key[(offset + i) & 3]);
  let at = 0;
  // Four bytes at a time, where a buffer stands so that they can be taken together.
  if (length >= 16 && (plain.byteOffset & 3) === 0) {
    const word = littleEndian ? (d << 24) | (c << 16) | (b << 8) | a : (a << 24) | (b << 16) | (c << 8) | d;
    const words = new Int32Array(plain.buffer, plain.byteOffset, length >>> 2);
    for (let i = 0; i < words.length; i += 1) words[i] = (words[i] ?? 0) ^ word;
    at = words.length * 4;
  }
  for (; at < length; at += 1) {
    const step = at & 3;
    plain[at] = (plain[at] ?? 0) ^ (step === 0 ? a : step === 1 ? b : step === 2 ? c : d);
  }
  return plain;
}
