import type { Work } from "../work.ts";
import type { With } from "./withs.ts";

/** What a part comes to: its operations and columns, and what of it goes through the values of a row. */
export interface Weight {
  readonly size: number;
  readonly row: number;
}

/** What a query gives to what stands around it. */
export interface Given {
  /** All of it, and how much in it is compared with each other. */
  readonly size: number;
  readonly compared: number;
  readonly columns: ReadonlyMap<string, Weight>;
  readonly largest: Weight;
  /** All columns together. */
  readonly whole: Weight;
  /** Of a UNION ALL. */
  readonly arms: number;
}

/** What the names in a query can mean. */
export interface Scope {
  readonly outer: Scope | undefined;
  /** What in its FROM may be put into it. */
  readonly items: { readonly name: unknown; readonly given: Given }[];
  withs?: Map<unknown, With>;
  /** How many columns a merged one may stand for, beside the first. */
  merged: number;
}

export const none: Weight = { size: 0, row: 0 };
/** Of which nothing is put into what stands around it. */
export const plain: Given = { size: 0, compared: 0, columns: new Map(), largest: none, whole: none, arms: 1 };

export const sum = (one: Weight, other: Weight): Weight => ({
  size: one.size + other.size,
  row: one.row + other.row,
});
export const most = (one: Weight, other: Weight): Weight => ({
  size: Math.max(one.size, other.size),
  row: Math.max(one.row, other.row),
});

/** A name's part; undefined: a star. */
export function nameOf(part: unknown): string | undefined {
  return (part as { String?: { sval?: string } } | undefined)?.String?.sval;
}

export function named({ items }: Scope, qualifier: string | undefined): Scope["items"] {
  return qualifier === undefined ? items : items.filter(({ name }) => name === qualifier);
}

export function withNamed(name: unknown, scope: Scope | undefined): With | undefined {
  return scope === undefined ? undefined : (scope.withs?.get(name) ?? withNamed(name, scope.outer));
}

/** Under other names, any column may be the largest. */
export function renamed(given: Given, aliases: unknown): Given {
  return aliases === undefined ? given : { ...given, columns: new Map() };
}

/** Arms of a UNION: a column of one stands in the place of another one's, whatever their names. */
export function united(arms: readonly Given[]): Given {
  return {
    ...plain,
    largest: arms.map(({ largest }) => largest).reduce(most, none),
    whole: arms.map(({ whole }) => whole).reduce(most, none),
    arms: arms.reduce((count, { arms: own }) => count + own, 0),
  };
}

/** Items of a join that has a name. */
export function joinedAs(items: Scope["items"]): Given {
  const all = items.map(({ given }) => given);
  const whole = all.map((given) => given.whole).reduce(sum, none);
  return { ...united(all), whole, arms: Math.max(1, ...all.map(({ arms }) => arms)) };
}

/** A query's columns, as they are found. */
export class Columns implements Omit<Given, "size" | "compared" | "arms"> {
  readonly columns = new Map<string, Weight>();
  largest = none;
  whole = none;

  add(weight: Weight, name: string | undefined): void {
    this.whole = sum(this.whole, weight);
    this.#note(weight, name);
  }

  /** Adds a star, which stands for all columns of some items. */
  addAll(weight: Weight, items: Scope["items"], work: Work): void {
    this.whole = sum(this.whole, weight);
    for (const { given } of items) {
      work.spend(1 + given.columns.size);
      this.#note(given.largest, undefined);
      for (const [name, inner] of given.columns) this.#note(inner, name);
    }
  }

  #note(weight: Weight, name: string | undefined): void {
    this.largest = most(this.largest, weight);
    if (name !== undefined) this.columns.set(name, most(weight, this.columns.get(name) ?? none));
  }
}
