import { u16, u32 } from "./framing.ts";

/**
 * The values of a Bind message, each with its format; null where it is NULL.
 * @param formatsAt as `decodeBind` has found it
 */
export function valuesOf(
  bytes: Buffer,
  formatsAt: number,
): readonly ({ readonly bytes: Buffer; readonly isBinary: boolean } | null)[] {
  const formats = u16(bytes, formatsAt);
  let position = formatsAt + 2 + 2 * formats;
  const count = u16(bytes, position);
  position += 2;
  return Array.from({ length: count }, (_, index) => {
    const length = u32(bytes, position);
    const start = position + 4;
    position = start;
    if (length === 0xffffffff) return null;
    position += length;
    const isBinary = formats > 0 && u16(bytes, formatsAt + 2 + (formats === 1 ? 0 : 2 * index)) === 1;
    return { bytes: bytes.subarray(start, position), isBinary };
  });
}

/**
 * The formats that a Bind message wants its results in: 0 for text, 1 for binary.
 * @param resultsAt as `decodeBind` has found it
 */
export function resultFormats(bytes: Buffer, resultsAt: number): readonly number[] {
  return Array.from({ length: u16(bytes, resultsAt) }, (_, index) => u16(bytes, resultsAt + 2 + 2 * index));
}
