import { type Fields, list } from "../syntax/nodes.ts";

/** Where a condition stands: in an OR; in a NOT, which makes AND of OR; where it never becomes one of the statement's. */
const [IN_OR, INVERTED] = [1, 2];
export const ELSEWHERE = 4;
/** So many members an AND in an OR may have uncounted: it is one alternative, and they are compared among themselves. */
const FEW = 20;

/** Counts what is compared with each other, and the conditions in AND and OR among it. */
export class Conditions {
  #alternatives = 0;
  #longest = 0;
  /** Members of lists of which each is compared with each: conditions in ANDs, and what is added. */
  compared = 0;

  /** Conditions in ORs beside the longest one. */
  get alternatives(): number {
    return this.#alternatives - this.#longest;
  }

  /** Counts the members of an AND, OR or NOT. @returns where they stand */
  count({ boolop, args }: Fields, place: number): number {
    if (boolop === "NOT_EXPR") return place ^ INVERTED;
    if ((place & ELSEWHERE) !== 0) return place;
    const count = list(args).filter((each) => isSimple(each)).length;
    if ((boolop === "OR_EXPR") === ((place & INVERTED) === 0)) {
      this.#alternatives += count;
      this.#longest = Math.max(this.#longest, count);
      return place | IN_OR;
    }
    if ((place & IN_OR) === 0 || count > FEW) this.compared += count;
    return place;
  }
}

/** Whether a condition is none of several: NOT is one. */
function isSimple(node: unknown): boolean {
  const operator = (node as { BoolExpr?: Fields }).BoolExpr?.boolop;
  return operator === undefined || operator === "NOT_EXPR";
}
