import type { Bound } from "../../act.ts";

/**
 * Data: what PostgreSQL does without looking for an interrupt while it compares every part of one value with every part of
 * another. No time-out, no cancelling and no grant's end stops it. Each was seen to run on beyond its cancelling
 * (`deaf.siege.test.ts` tries the worst that is permitted), beside the file that it stands in under src/backend/utils/adt.
 */
export interface Deaf {
  /** What is compared: characters of texts, or members of arrays, objects and shapes. */
  readonly of: "characters" | "members";
  /** How long one comparison takes at most, nanoseconds. */
  readonly ns: number;
  readonly file: string;
}

const characters = (file: string, ns = 0.4): Deaf => ({ of: "characters", ns, file });
const members = (file: string, ns = 5): Deaf => ({ of: "members", ns, file });

/** By name: the first two arguments are compared. */
export const deafFunctions: ReadonlyMap<string, Deaf> = new Map([
  // A stored value may have eight bits for each byte.
  ["position", characters("varlena.c, varbit.c", 1.6)],
  ["strpos", characters("varlena.c")],
  ["replace", characters("varlena.c")],
  ["split_part", characters("varlena.c")],
  ["string_to_array", characters("varlena.c")],
  ["string_to_table", characters("varlena.c")],
  ["translate", characters("oracle_compat.c", 4)],
  ["btrim", characters("oracle_compat.c", 2.4)],
  ["ltrim", characters("oracle_compat.c", 2.4)],
  ["rtrim", characters("oracle_compat.c", 2.4)],
  ["to_date", characters("formatting.c")],
  ["to_timestamp", characters("formatting.c")],
  ["jsonb_contains", members("jsonb_op.c")],
  ["jsonb_contained", members("jsonb_op.c")],
  ["jsonb_exists_any", members("jsonb_op.c")],
  ["jsonb_exists_all", members("jsonb_op.c")],
  ["jsonb_delete", members("jsonfuncs.c")],
  ["index", characters("contrib/ltree/ltree_op.c", 5)],
]);

/** By name, of two operands. */
export const deafOperators: ReadonlyMap<string, Deaf> = new Map([
  ["~~", characters("like_match.c", 1.2)],
  ["~~*", characters("like_match.c", 1.2)],
  ["!~~", characters("like_match.c", 1.2)],
  ["!~~*", characters("like_match.c", 1.2)],
  ["@>", members("arrayfuncs.c, jsonb_op.c, tsquery_op.c", 6)],
  ["<@", members("arrayfuncs.c, jsonb_op.c, tsquery_op.c", 6)],
  ["&&", members("arrayfuncs.c", 6)],
  ["?|", members("jsonb_op.c")],
  ["?&", members("jsonb_op.c")],
  ["-", members("jsonfuncs.c")],
]);

/** Operators that compare every line of one shape with every line of another, where paths or polygons may be there (geo_ops.c). */
export const shapeOperators: ReadonlyMap<string, Deaf> = new Map(
  ["<->", "?#", "&&", "@>", "<@", "~="].map((operator) => [operator, members("geo_ops.c", 200)]),
);

/** Of ANY and ALL: each member is compared with the other side, which is read again for each where it is stored out of line (execExprInterp.c). */
export const deafMembers: ReadonlyMap<string, Deaf> = new Map(
  ["<", "<=", ">", ">=", "~<~", "~<=~", "~>~", "~>=~", "?"].map((operator) => [
    operator,
    characters("varlena.c, bytea.c, jsonb_op.c", 0.8),
  ]),
);

/** Takes long for one of its arguments alone: which (from 0, or from the end); each of its characters is compared with all of them. */
export interface DeafAlone {
  readonly at: number;
  readonly ns: number;
  readonly file: string;
}

const alone = (at: number, ns: number, file: string): DeafAlone => ({ at, ns, file });
const QUERY = alone(-1, 10, "to_tsany.c, tsquery.c, tsrank.c");
const XML = alone(0, 0.02, "xml.c, SAX2.c of libxml2");

/** By the name of the function; or of the type that is read from a text. */
export const deafAlone: ReadonlyMap<string, DeafAlone> = new Map([
  ["normalize", alone(0, 4, "varlena.c, src/common/unicode_norm.c")],
  ["is_normalized", alone(0, 4, "varlena.c, src/common/unicode_norm.c")],
  // What its words are is compared again by ts_rank, whose query is no longer than this.
  ["to_tsquery", QUERY],
  ["plainto_tsquery", QUERY],
  ["phraseto_tsquery", QUERY],
  ["websearch_to_tsquery", QUERY],
  // Its quotes are taken out one by one.
  ["parse_ident", alone(0, 1, "misc.c")],
  ["xml_is_well_formed", XML],
  ["xml_is_well_formed_content", XML],
  ["xml_is_well_formed_document", XML],
  ["tsquery", QUERY],
  ["xml", XML],
  // A text that names what the catalogue has: by a cast to regclass and its kin, or for one of the catalogue's functions.
  ["a name", alone(0, 1, "varlena.c, regproc.c, parse_type.c")],
]);

/** How long the input of a type takes for one member of an array, where it is none of these, nanoseconds for each character (arrayfuncs.c). */
export const ARRAY_INPUT_NS = 400;
export const quickTypes: ReadonlySet<string> = new Set(
  "bool bpchar bytea cid date float4 float8 int2 int4 int8 json money name numeric oid text tid uuid varchar xid".split(
    " ",
  ),
);

/** How long a path of SQL/JSON may be that is passed, characters. */
export const PASSED_PATH: Bound = { of: "path", most: 10_000 };

/** What may be passed for a parameter that is declared to be of a type. */
export const passedTypes: ReadonlyMap<string, Bound> = new Map([
  ["jsonpath", PASSED_PATH],
  ["path", { of: "members", most: 3000 }],
  ["polygon", { of: "members", most: 3000 }],
  ["tsquery", { of: "characters", most: 10_000 }],
  ["xml", { of: "characters", most: 100_000 }],
]);
