import type { MaskMethod } from "./method.ts";

/** What a mask has to know of a type. Of any other type a value can only become NULL. */
export type MaskKind =
  | "text"
  | "json"
  | "jsonb"
  | "date"
  | "timestamp"
  | "timestamptz"
  | "bool"
  | "int2"
  | "int4"
  | "int8"
  | "uuid"
  | "enum"
  | "other";

/** A masked column, as the database has it. Numbers are the catalogue's: pg_class.oid, pg_attribute.attnum, pg_type.oid. */
export interface MaskedColumn {
  readonly relation: number;
  readonly attnum: number;
  /** Its type, or the one that its domain is made of: what a RowDescription says of it. */
  readonly type: number;
  readonly kind: MaskKind;
  /** The type's name, for messages. */
  readonly typeName: string;
  /** Of an enum its values. */
  readonly labels: readonly string[];
  /** Tables that hold rows of its table under another name, by their full names: partitions, children, parents. */
  readonly kin: readonly string[];
  /** Views that read its table or one of these, through other views too. */
  readonly views: readonly string[];
}

/** Types by their number in every PostgreSQL (pg_type.dat). */
const kinds: ReadonlyMap<number, MaskKind> = new Map<number, MaskKind>([
  [16, "bool"],
  [19, "text"],
  [20, "int8"],
  [21, "int2"],
  [23, "int4"],
  [25, "text"],
  [114, "json"],
  [1042, "text"],
  [1043, "text"],
  [1082, "date"],
  [1114, "timestamp"],
  [1184, "timestamptz"],
  [2950, "uuid"],
  [3802, "jsonb"],
]);

/** @param name the type's bare name; citext has another number in every database, and is written like text */
export function kindOfType(type: number, name: string, isEnum: boolean): MaskKind {
  return isEnum ? "enum" : (kinds.get(type) ?? (name === "citext" ? "text" : "other"));
}

const dates: ReadonlySet<MaskKind> = new Set(["date", "timestamp", "timestamptz"]);
/** The largest number of each, counted from 0 upwards; the smallest is one further down. */
const largest: Readonly<Partial<Record<MaskKind, number>>> = {
  int2: 0x7fff,
  int4: 0x7fffffff,
  int8: Number.MAX_SAFE_INTEGER,
};
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

/**
 * Why a method cannot mask a column of that type; undefined: it can. Pure.
 * What a client reads in the place of a value is of the type that it was told.
 */
export function unfit(method: MaskMethod, { kind, typeName, labels }: MaskedColumn): string | undefined {
  if (method === null || method === "null") return undefined;
  const fits = (isFit: boolean, what: string): string | undefined =>
    isFit ? undefined : `${what}, and the column is of type ${typeName}`;
  if (method === "redact")
    return fits(kind === "text" || kind === "json" || kind === "jsonb", "redact gives text or JSON");
  if (method === "email") return fits(kind === "text", "email gives text");
  if (method === "year") return fits(dates.has(kind), "year gives a date");
  if ("partial" in method) return fits(kind === "text", "partial gives text");
  return fits(
    isConstantOf(method.constant, kind, labels),
    `${JSON.stringify(method.constant)} is a constant`,
  );
}

function isConstantOf(value: string | number | boolean, kind: MaskKind, labels: readonly string[]): boolean {
  switch (kind) {
    case "text":
    case "json":
    case "jsonb":
      return !String(value).includes("\0");
    case "bool":
      return typeof value === "boolean";
    case "uuid":
      return typeof value === "string" && uuid.test(value);
    case "enum":
      return typeof value === "string" && labels.includes(value);
    default: {
      const most = largest[kind];
      return (
        most !== undefined && Number.isInteger(value) && -most - 1 <= Number(value) && Number(value) <= most
      );
    }
  }
}
