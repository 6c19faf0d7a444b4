import { utf8 } from "./bytes.ts";
import { ED25519_COSIGNATURE, parseVerifierKey, type Note, type VerifierKey } from "./note.ts";
import { isSignature, type Steps } from "./steps.ts";

/** A witness's word that it saw a checkpoint, and that no checkpoint of the log it saw before contradicts it. */
export interface Cosignature {
  readonly witness: VerifierKey;
  /** When the witness saw it, seconds since the epoch, by the witness's clock. */
  readonly time: number;
}

const TIMESTAMP_BYTES = 8;
const SIGNATURE_BYTES = 64;
/** The last second that a date holds (ECMAScript, "Time Values and Time Range"). */
const MAX_TIME = 8_640_000_000_000;

/** Reads a witness's key: `name+id+base64` (C2SP tlog-cosignature). @throws Error saying what is wrong with it */
export function parseWitnessKey(text: string): Steps<VerifierKey> {
  return parseVerifierKey(text, ED25519_COSIGNATURE);
}

/**
 * The cosignatures on a checkpoint by these witnesses (C2SP tlog-cosignature, "Ed25519 signed message"). Those of
 * others are passed over.
 * @throws Error when one that claims to be of one of the witnesses does not verify
 */
export function* cosignaturesOf(
  note: Note,
  witnesses: readonly VerifierKey[],
): Steps<readonly Cosignature[]> {
  const found: Cosignature[] = [];
  for (const { name, id, signature } of note.signatures) {
    const witness = witnesses.find((one) => one.name === name && one.id === id);
    if (witness === undefined) continue;
    const time = timeOf(signature);
    const message = utf8(`cosignature/v1\ntime ${time}\n${note.text}`);
    const bytes = signature.slice(TIMESTAMP_BYTES);
    if (time === undefined || !(yield* isSignature(witness.publicKey, bytes, message)))
      throw new Error(`the cosignature by ${name}+${id} does not verify`);
    if (time > MAX_TIME)
      throw new Error(`the cosignature by ${name}+${id} is of a time that no date reaches`);
    found.push({ witness, time });
  }
  return found;
}

/** The timestamp of a `timestamped_signature`: 64 bits, big-endian. Undefined where it is none. */
function timeOf(signature: Uint8Array): number | undefined {
  if (signature.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) return undefined;
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  return time <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(time) : undefined;
}
