import type { Bounds, MaskedOutput } from "../../act.ts";
import { Compared } from "../deaf/compared.ts";
import { kindOf, list, text, as, names } from "../syntax/nodes.ts";
import type { CheckName } from "./checks.ts";

/** A value that is let through only where it belongs to what is granted. */
export interface ValueChange {
  readonly check: CheckName;
  /** What the gateway's own column is called. */
  readonly label: string;
  /** Where the value stands: as an argument of a call, as what a cast casts, or the whole cast or call. */
  readonly at:
    | { readonly kind: "argument"; readonly call: object; readonly index: number }
    | { readonly kind: "operand" | "cast"; readonly cast: object }
    | { readonly kind: "call"; readonly call: object };
  /** Another argument of the call, that the check looks at too. */
  readonly other?: { readonly node: unknown; readonly index: number };
}

/** What of one statement has to be changed before it may go on: found while it is judged, by the nodes of its tree. And its tables. */
export class Changes {
  /** The statement's tree. */
  readonly statement: unknown;
  /** Relations of the catalogue, by the members of their RangeVar. */
  readonly items: Map<object, string> = new Map();
  /** Values, by their node. */
  readonly values: Map<object, ValueChange> = new Map();
  /** Column references before which the schema is left out, by their members. */
  readonly unqualified: Set<object> = new Set();
  /** Temporary tables before whose name their schema is put: the members of a RangeVar, or of the list that DROP has. */
  readonly temporary: Set<object> = new Set();
  /** Names in GROUP BY that go on as the position of their output column, by the members of their ColumnRef. */
  readonly positions: Map<object, number> = new Map();
  /** The full names of the tables that it uses. */
  readonly tables: Set<string> = new Set();
  /** What it compares, and what values may be passed to it; of the latter what is found at the end. */
  readonly compared: Compared = new Compared();
  bounds: Bounds = [];
  /** Whether its outputs go to the client as rows that the gateway masks. */
  takesMasks = false;
  /** Of its outputs those that are masked columns, in their order. */
  readonly masked: MaskedOutput[] = [];
  #withTableoid: boolean | undefined;

  constructor(statement: unknown) {
    this.statement = statement;
  }

  get isEmpty(): boolean {
    return !this.asksCatalogue && this.temporary.size === 0 && this.positions.size === 0;
  }

  /** Whether the catalogue is shown in part. */
  get asksCatalogue(): boolean {
    return this.items.size > 0 || this.values.size > 0;
  }

  /** Whether the statement names a column `tableoid` anywhere. */
  get withTableoid(): boolean {
    return (this.#withTableoid ??= mentions(this.statement));
  }

  value(node: unknown, change: ValueChange): void {
    if (typeof node === "object" && node !== null) this.values.set(node, change);
  }
}

function mentions(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some((each) => mentions(each));
  if (kindOf(value) === "ColumnRef") {
    const last = list(as("ColumnRef", value)?.fields).at(-1);
    return kindOf(last) === "String" && names([last])[0] === "tableoid";
  }
  return Object.values(value).some((each) => mentions(each));
}

/** The place of a node, in bytes. */
export function placeOf(fields: object): number {
  const { location } = fields as { readonly location?: unknown };
  return typeof location === "number" ? location : 0;
}

/** The name under which a relation of FROM is known where it has no alias. */
export function relationName(fields: object): string {
  return text((fields as { readonly relname?: unknown }).relname);
}
