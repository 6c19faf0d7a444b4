import { createHash, createPublicKey, sign, type KeyObject } from "node:crypto";

/** The first four bytes of SHA-256(name || LF || 0x04 || key) (C2SP tlog-cosignature, "Format"). */
function idOf(name: string, key: KeyObject): { readonly id: Buffer; readonly tagged: Buffer } {
  const der = createPublicKey(key).export({ type: "spki", format: "der" });
  const tagged = Buffer.concat([Buffer.of(4), der.subarray(-32)]);
  const digest = createHash("sha256").update(`${name}\n`).update(tagged).digest();
  return { id: digest.subarray(0, 4), tagged };
}

/** A witness's key as its operator hands it out. */
export function cosignerKey(name: string, key: KeyObject): string {
  const { id, tagged } = idOf(name, key);
  return `${name}+${id.toString("hex")}+${tagged.toString("base64")}`;
}

/** A cosignature as a witness makes it, written from the specification alone. @param time seconds */
export function cosignatureOf(name: string, key: KeyObject, note: string, time: number): string {
  const text = note.slice(0, note.indexOf("\n\n") + 1);
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), key);
  return `— ${name} ${Buffer.concat([idOf(name, key).id, stamp, signature]).toString("base64")}\n`;
}
