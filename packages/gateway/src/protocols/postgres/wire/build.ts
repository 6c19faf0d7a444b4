/** The pieces of which messages are built (PostgreSQL manual, "Message Data Types"). */

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** A string as the protocol writes it. The text holds no NUL: every caller's texts are its own or checked. */
export function cstring(text: string): Buffer {
  return Buffer.from(`${text.replaceAll("\0", "")}\0`, "utf8");
}

/** A whole message: its type, its length and its body. */
export function message(kind: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from([kind]), int32(length), ...parts], length + 1);
}
