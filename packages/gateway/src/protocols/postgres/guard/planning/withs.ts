import { type Fields, list } from "../syntax/nodes.ts";
import { type Given, plain, renamed, type Scope } from "./parts.ts";

/** A WITH query, looked through where it is first named. */
export class With {
  readonly name: unknown;
  /** Whether each use of it is one more copy. */
  readonly repeats: boolean;
  readonly #fields: Fields;
  readonly #look: (query: Fields) => Given;
  #given: Given | undefined;
  #isOpen = false;
  #isRecursive = false;

  /** @param look gives what a query comes to */
  constructor(node: unknown, look: (query: Fields) => Given) {
    this.#fields = (node as { CommonTableExpr: Fields }).CommonTableExpr;
    this.#look = look;
    this.name = this.#fields.ctename;
    this.repeats = this.#fields.ctematerialized === "CTEMaterializeNever";
  }

  /** What it gives where it is named: nothing, where it stands by itself. */
  get given(): Given {
    if (this.#given !== undefined) return this.#given;
    this.#isRecursive = this.#isOpen;
    if (this.#isOpen) return plain;
    this.#isOpen = true;
    const { ctequery, ctematerialized, aliascolnames } = this.#fields;
    const made = this.#look(Object.values(ctequery as Fields)[0] as Fields);
    const stands = this.#isRecursive || ctematerialized === "CTEMaterializeAlways";
    this.#given = stands ? plain : renamed(made, aliascolnames);
    return this.#given;
  }
}

/** @returns how many WITH queries there are */
export function readWiths(clause: unknown, scope: Scope, look: (query: Fields) => Given): number {
  const { ctes, recursive } = clause as Fields;
  const all = list(ctes).map((each) => new With(each, look));
  const withs = new Map<unknown, With>();
  scope.withs = withs;
  // Of WITH RECURSIVE each may name those that come behind it.
  if (recursive === true) for (const each of all) withs.set(each.name, each);
  for (const each of all) {
    void each.given;
    withs.set(each.name, each);
  }
  return all.length;
}
