import type { Remedy } from "../../../../gate/protocol.ts";
import { type } from "../../wire/framing.ts";

/**
 * Who speaks in an error. The routine ('R', manual, "Error and Notice Message Fields") of the gateway's own errors is
 * `mayfly`, or `mayfly:REMEDY` for a denial; an error of the database that claims such a routine loses the field. A client
 * can so tell both apart by structure: no text that a database sends is ever taken for the gateway's.
 */
const OWN_ROUTINE = "mayfly";

const remedies: readonly string[] = ["correct", "ask", "never", "operator", "retry"] satisfies Remedy[];

/** The routine of an error of the gateway's own. */
export function ownRoutine(remedy?: Remedy): string {
  return remedy === undefined ? OWN_ROUTINE : `${OWN_ROUTINE}:${remedy}`;
}

/** Own errors are far shorter, bytes; a longer one is the database's, whatever it claims. */
const MAX_OWN_BYTES = 16_384;

/**
 * Whose an error is, for clients inside of the gateway.
 * @param routine the error's 'R'
 * @param bytes the whole message's length
 * @returns undefined for an error of the database
 */
export function ownVoice(
  routine: string | undefined,
  bytes: number,
): { readonly remedy: Remedy | undefined } | undefined {
  if (routine === undefined || bytes > MAX_OWN_BYTES) return undefined;
  const [own, remedy, ...more] = routine.split(":");
  if (own !== OWN_ROUTINE || more.length > 0) return undefined;
  if (remedy === undefined) return { remedy: undefined };
  return remedies.includes(remedy) ? { remedy: remedy as Remedy } : undefined;
}

/**
 * An ErrorResponse or a NoticeResponse of the database without a routine that only the gateway's own errors have.
 * @param at the message's first byte
 * @param end behind its last
 * @returns the message that goes on in its place, undefined when its own may
 */
export function withoutOwnVoice(bytes: Buffer, at: number, end: number): Buffer | undefined {
  const kept: Buffer[] = [];
  let claims = false;
  let position = at + 5;
  while (position < end && bytes[position] !== 0) {
    const nul = bytes.indexOf(0, position + 1);
    if (nul < 0 || nul >= end) break;
    const field = bytes.subarray(position, nul + 1);
    if (field[0] === 0x52 && field.toString("latin1", 1, 1 + OWN_ROUTINE.length) === OWN_ROUTINE)
      claims = true;
    else kept.push(field);
    position = nul + 1;
  }
  // Of a message that is here whole: a reader could go on behind fields that do not end with it.
  const isWhole = end - at - 1 === bytes.readUInt32BE(at + 1);
  if (!claims && (!isWhole || (position === end - 1 && bytes[position] === 0))) return undefined;
  const body = Buffer.concat([...kept, Buffer.from([0])]);
  const head = Buffer.alloc(5);
  head[0] = bytes[at] ?? type.errorResponse;
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
