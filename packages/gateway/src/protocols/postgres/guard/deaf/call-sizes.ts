import { as, constant, type Fields, list, names, open, split } from "../syntax/nodes.ts";
import {
  cut,
  exactly,
  figureOf,
  LONGEST_NUMBER,
  longer,
  MADE,
  made,
  oneOf,
  type Size,
  stored,
  together,
} from "./size.ts";
import type { Walk } from "../syntax/walk.ts";

const words = (text: string): readonly string[] => text.trim().split(/\s+/u);

/** How long results are whatever the arguments. */
const results: ReadonlyMap<string, number> = new Map([
  ...words(`count length now md5 to_hex chr date_part extract char_length octet_length bit_length cardinality array_length
    jsonb_array_length json_array_length to_bin to_oct row_number rank dense_rank ntile strpos position age date_trunc pg_typeof`).map(
    (name) => [name, 64] as const,
  ),
  ...words("sha224 sha256 sha384 sha512").map((name) => [name, 130] as const),
  ...words("power pow exp factorial").map((name) => [name, LONGEST_NUMBER] as const),
  ...words("daterange int4range int8range tsrange tstzrange").map((name) => [name, 128] as const),
  ["numrange", 2 * LONGEST_NUMBER],
]);
/** Functions whose last argument says how long the result is at most: its place. */
const cutting: ReadonlyMap<string, number> = new Map([
  ["left", 1],
  ["right", 1],
  ["substr", 2],
  ["substring", 2],
]);
/** Functions that make one value of many rows, or of one a value whose length has no bound. */
const makers: ReadonlySet<string> = new Set(
  words(`array_agg array_replace json_agg json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique
    json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique
    jsonb_object_agg_unique_strict jsonb_pretty range_agg string_agg xmlagg`),
);
/** How many times as long as its arguments a result may be, where it may be longer. */
const times: ReadonlyMap<string, number> = new Map([
  ...words(
    `array_to_json json_build_array json_build_object jsonb_build_array jsonb_build_object row_to_json to_json to_jsonb xmltext`,
  ).map((name) => [name, 6] as const),
  ...words("like_escape overlay quote_ident quote_literal quote_nullable similar_to_escape").map(
    (name) => [name, 2] as const,
  ),
  ["encode", 4],
  ["to_char", 8],
  // U+FDFA is one character of NFC, and eighteen of NFKD.
  ["normalize", 18],
]);
/** Between the members of a text stands one of these. A value that is passed is counted by the same (relay/frontend/measure.ts). */
const separators: ReadonlySet<string> = new Set([",", ";", "|", ":", "/"]);
/** What growing functions make is bounded by itself (growth.ts). */
const MAX_GROWN = 10_000_000;

/** Functions that make other texts of what they are given: any character may be what separates members then. */
const rewording: ReadonlySet<string> = new Set(
  words("array_to_string concat_ws format lpad overlay regexp_replace repeat replace rpad translate"),
);

/** Functions that give arrays. */
const ofArrays = /array|^regexp_match(?:es)?$|^parse_ident$|^xpath$/u;
/** The largest exponent of a number of a short type (float.c, 1e308). */
export const MAX_EXPONENT = 308;
/** How many digits round() and trunc() may write behind the point (numeric.c, NUMERIC_DSCALE_MAX). */
const MAX_SCALE = 16_383;

/** An integer that is written, so that the verdict holds for it alone; undefined where none is. */
export function integerOf(node: unknown, walk: Walk): number | undefined {
  return as("A_Const", node)?.ival === undefined ? undefined : Number(constant(node, walk.work));
}

/**
 * How long the result of a call is at most.
 * @param next how long an argument is
 * @param rows how many rows an aggregate is made of, where that is known
 */
export function callSize(
  call: Fields,
  next: (node: unknown) => Size,
  walk: Walk,
  rows: number | undefined,
): Size {
  const { name } = split(names(call.funcname));
  const all = sizeOfCall(call, next, walk);
  const size = rows === undefined || !makers.has(name) ? all : ofRows(call, next, rows);
  if (ofArrays.test(name)) return { ...size, isArray: "yes" };
  return makers.has(name) || name === "unnest" ? { ...size, isArray: "no" } : size;
}

/** What an aggregate makes of so many rows, as text. */
function ofRows({ args }: Fields, next: (node: unknown) => Size, rows: number): Size {
  const all = together(list(args).map((each) => next(each)));
  return exactly(Math.min(MADE.characters, figureOf(all, "characters", MADE.characters) * rows));
}

function sizeOfCall(call: Fields, next: (node: unknown) => Size, walk: Walk): Size {
  const { schema, name } = split(names(call.funcname));
  const sorted = list(call.agg_order).map((each) => as("SortBy", each)?.node);
  const args = call.agg_within_group === true ? [...list(call.args), ...sorted] : list(call.args);
  const all = (): Size =>
    together(args.map((each) => (ofMembers.has(name) ? asMember(each, next(each)) : next(each))));
  // A function of the database's own gives what it was given, or what the database stores.
  if (schema !== undefined && schema !== "pg_catalog") return oneOf([stored, all()]);
  const known = results.get(name);
  if (known !== undefined) return exactly(known, 1);
  const at = cutting.get(name);
  // A text in that place says how a pattern escapes, and not how long the value gets.
  const length = at === undefined || args.length !== at + 1 ? undefined : integerOf(args[at], walk);
  if (length !== undefined) return cut(all(), length);
  if (args.length === 0) return stored;
  const size = grown(name, args, all, next, walk);
  if (!rewording.has(name)) return size;
  return { ...size, members: size.uses > 0 ? MADE.members : Math.max(size.members, size.characters + 1) };
}

/** Functions that make an array or an object of their arguments: a text is one member. */
const ofMembers: ReadonlySet<string> = new Set(
  words("json_build_array json_build_object jsonb_build_array jsonb_build_object"),
);
const texts: ReadonlySet<string> = new Set(["bpchar", "text", "varchar"]);

/** A value that is cast to a text is one member, so that what is passed for it need not be counted; how long it is then nobody knows. */
function asMember(node: unknown, size: Size): Size {
  const cast = as("TypeCast", node);
  const isText = cast !== undefined && texts.has(split(names(open("TypeName", cast.typeName).names)).name);
  if (!isText || size.isArray !== "no") return size;
  return exactly(size.times > 0 ? MADE.characters : size.characters, 1);
}

/** What a call makes whose result may be longer than its arguments together. */
function grown(
  name: string,
  args: readonly unknown[],
  all: () => Size,
  next: (node: unknown) => Size,
  walk: Walk,
): Size {
  const [subject, second, third] = args;
  const figure = (node: unknown): number => figureOf(next(node), "characters", MADE.characters);
  const written = (node: unknown): string | undefined => {
    const value = constant(as("TypeCast", node)?.arg ?? node, walk.work);
    return value ?? undefined;
  };
  if (makers.has(name)) return made;
  switch (name) {
    case "repeat": {
      const count = integerOf(second, walk);
      return count === undefined ? exactly(MAX_GROWN) : longer(next(subject), Math.max(0, count));
    }
    case "lpad":
    case "rpad":
      return exactly(Math.max(0, integerOf(second, walk) ?? MAX_GROWN));
    case "replace":
    case "regexp_replace": {
      // A cast might cut it.
      const part = name === "replace" ? Math.max(1, constant(second, walk.work)?.length ?? 1) : 1;
      const by = third === undefined ? MADE.characters : figure(third);
      // An empty part is found between any two characters.
      return longer(next(subject), name === "replace" || by === 0 ? Math.max(1, by / part) : 1 + by);
    }
    case "array_to_string":
      return longer(next(subject), Math.max(1, figure(second) / 2));
    case "concat_ws":
      return together([all(), longer(next(subject), args.length)]);
    case "format": {
      // `%1$s` again and again; and `%L` doubles quotes.
      const template = written(subject);
      if (template === undefined) return made;
      const widths = (template.match(/\d+/gu) ?? []).reduce((sum, width) => sum + Number(width), 0);
      return together([longer(all(), 2 * template.split("%").length), exactly(widths)]);
    }
    case "ts_headline":
      return args.length > 2 && written(args.at(-1)) !== undefined ? made : longer(all(), 8);
    case "jsonb_path_query_array":
      // `[*]` alone gives no member twice, and `keyvalue()` three for one.
      return /\*\*|,|keyvalue/u.test(written(second) ?? ",") ? made : all();
    case "round":
    case "trunc":
      return second === undefined
        ? all()
        : together([all(), exactly(Math.min(MAX_SCALE, Math.max(0, integerOf(second, walk) ?? MAX_SCALE)))]);
    case "bpchar":
    case "numeric":
      // Called with a modifier it fills with blanks or zeros; without, a number of a short type may have 308 digits.
      return second === undefined ? together([all(), exactly(MAX_EXPONENT)]) : made;
    case "percentile_disc":
      // Of an array of fractions as many values.
      return next(subject).isArray === "no" ? all() : made;
    case "polygon":
      return args.length > 1 ? made : all();
    case "string_to_array":
      return splitSize(next(subject), written(subject), constant(second, walk.work));
    case "regexp_split_to_array":
      return inCharacters(next(subject));
    default:
      return longer(all(), times.get(name) ?? 1);
  }
}

/** A text that is split: as many members as it is written with; else as it has characters, as far as those are counted. */
function splitSize(size: Size, text: string | undefined, between: string | null | undefined): Size {
  if (text === undefined || typeof between !== "string" || between === "")
    return inCharacters(size, separators.has((between ?? "").trim()));
  return { ...size, members: text.split(between).length };
}

/** As many members as characters. @param isCounted whether those of what is passed are: only the usual separators are */
function inCharacters(size: Size, isCounted = false): Size {
  return size.times > 0 && !isCounted
    ? made
    : { ...size, members: Math.max(size.members, size.characters + 1) };
}
