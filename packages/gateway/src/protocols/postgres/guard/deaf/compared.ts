import type { Bound, Bounds } from "../../act.ts";
import { refuseMistake } from "../denied.ts";
import type { Deaf } from "./list.ts";
import { figureOf, MADE, type Size } from "./size.ts";

/** How long all that one statement does in one row without looking for an interrupt may take, nanoseconds: all of it may be done in one go. */
export const MOST_NS = 1e9;
/** How long values may be that are passed: the first that is short enough. */
const PASSED_AT_MOST = [
  MADE.characters,
  ...[8, 7, 6, 5, 4, 3, 2, 1, 0].flatMap((zeros) => [5, 2, 1].map((digit) => digit * 10 ** zeros)),
  300,
  150,
  80,
  60,
  40,
  30,
  15,
].toSorted((one, other) => other - one);

/** Two values of which every part of one may be compared with every part of the other. */
export interface Comparison extends Pick<Deaf, "of" | "ns"> {
  /** What compares them, for a refusal. */
  readonly what: string;
  readonly one: Size;
  readonly other: Size;
  /** How to bound them. */
  readonly remedy: string;
}

/** What one statement compares, and what values may be passed to it. */
export class Compared {
  readonly #all: Comparison[] = [];
  readonly #bounds = new Map<string, readonly [number, Bound]>();

  add(comparison: Comparison): void {
    this.#all.push(comparison);
  }

  /** Has no longer value passed for a parameter. @param number from 1 */
  bound(number: number, bound: Bound): void {
    const key = `${number} ${bound.of}`;
    const before = this.#bounds.get(key)?.[1].most ?? bound.most;
    this.#bounds.set(key, [number, { of: bound.of, most: Math.min(bound.most, before) }]);
  }

  /**
   * @returns what values may be passed for the statement's parameters, so that all that it compares is over in a second
   * @throws GuardDenied where nothing could end it before it is done
   */
  bounds(): Bounds {
    const most = PASSED_AT_MOST.find((each) => this.#took(each) <= MOST_NS);
    if (most === undefined) this.#refuse();
    if (most < MADE.characters)
      for (const { one, other, of } of this.#all)
        for (const number of [...one.parameters, ...other.parameters]) this.bound(number, { of, most });
    return [...this.#bounds.values()];
  }

  #took(longest: number): number {
    return this.#all.reduce((sum, each) => sum + tookBy(each, longest), 0);
  }

  #refuse(): never {
    const [first] = this.#all.toSorted((one, other) => tookBy(other, 1) - tookBy(one, 1));
    return refuseMistake(
      "limits",
      `nothing could end ${first?.what ?? "it"} of values that may be this long before it is done`,
      first?.remedy,
    );
  }
}

/** How long a comparison may take, nanoseconds. @param longest how many characters or members each parameter has */
function tookBy({ one, other, of, ns }: Comparison, longest: number): number {
  return ns * figureOf(one, of, longest) * figureOf(other, of, longest);
}
