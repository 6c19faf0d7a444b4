import { message } from "../../wire/build.ts";
import { type } from "../../wire/framing.ts";

const POSITION = 0x50;
const MESSAGE = 0x4d;

/**
 * An ErrorResponse whose position ('P', manual, "Error and Notice Message Fields") is told otherwise, or left out.
 * @param error the whole message
 * @param said its message in the client's words
 * @returns undefined where nothing is told otherwise, or it is not whole
 */
export function withPlace(
  error: Buffer,
  told: (place: number) => number | undefined,
  said: (message: string) => string = (message) => message,
): Buffer | undefined {
  if (error.length < 5 || error.length !== 1 + error.readUInt32BE(1)) return undefined;
  const kept: Buffer[] = [];
  let isOther = false;
  let at = 5;
  while (at < error.length && error[at] !== 0) {
    const nul = error.indexOf(0, at + 1);
    if (nul < 0) return undefined;
    const start = at;
    const field = error.subarray(start, nul + 1);
    at = nul + 1;
    if (field[0] !== POSITION) {
      const own =
        field[0] === MESSAGE ? Buffer.from(`M${said(field.toString("utf8", 1, nul - start))}\0`) : field;
      isOther ||= !own.equals(field);
      kept.push(own);
      continue;
    }
    isOther = true;
    const place = told(Number(field.toString("latin1", 1, field.length - 1)));
    if (place !== undefined) kept.push(Buffer.from(`P${place}\0`));
  }
  return isOther ? message(type.errorResponse, ...kept, Buffer.from([0])) : undefined;
}
