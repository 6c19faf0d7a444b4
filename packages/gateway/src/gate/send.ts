import type { Permit } from "./permit.ts";

/**
 * Writes one act upstream and consumes its permit.
 * @throws TypeError when the permit was spent before
 */
export type Send<Bytes, Result> = (permit: Permit<unknown>, bytes: Bytes) => Result;

/**
 * Makes the only way by which acts reach an upstream. The owner of the socket or pool closes over it here and hands out
 * only the result: without a permit there is nothing to call.
 * @param write puts an act's bytes (or a whole request) on its way
 */
export function createSend<Bytes, Result>(write: (bytes: Bytes) => Result): Send<Bytes, Result> {
  return (permit, bytes) => {
    permit.spend();
    return write(bytes);
  };
}

/**
 * Everything that leaves in one turn: acts with their permits, and between them the control messages that need none.
 */
export type TurnList<Act extends { readonly permit: Permit<unknown> }, Control extends object> = readonly (
  | Act
  | (Control & { readonly permit: undefined })
)[];

/**
 * The same for everything that one session sends in a turn, in one list and one write. Messages that are no act must be
 * of the protocol's own `Control` type, which no client bytes can be turned into unnoticed.
 * @param isControl whether something without a permit really is one, whatever its type claims
 * @param write puts the whole list on its way; called only when every permit of it was good
 */
export function createTurnSend<
  Act extends { readonly permit: Permit<unknown> },
  Control extends object,
  Result,
>(
  isControl: (part: object) => part is Control,
  write: (list: TurnList<Act, Control>) => Result,
): (list: TurnList<Act, Control>) => Result {
  return (list) => {
    for (const part of list) {
      if (part.permit === undefined && !isControl(part))
        throw new TypeError("an act without a permit does not leave");
    }
    for (const { permit } of list) permit?.spend();
    return write(list);
  };
}
