import * as z from "zod";
import { closestName, nameHint } from "../kernel/closest-name.ts";
import { secretRule } from "../kernel/secret.ts";
import type { Path } from "./positions.ts";

/** A problem at a path of the configuration, before it has a file, a line and a column. */
export interface Finding {
  readonly path: Path;
  /** Whether the key is wrong, or its value; a missing member is reported at the key of its parent. */
  readonly at: "key" | "value" | "missing";
  readonly message: string;
  readonly hint?: string;
  /** The known name that was probably meant; the hint names it. */
  readonly suggestion?: string;
  /** The environment variable that is missing. */
  readonly variable?: string;
}

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Builds a finding, without the hint where it is undefined. */
export function finding(at: Finding["at"], path: Path, message: string, hint?: string): Finding {
  return hint === undefined ? { path, at, message } : { path, at, message, hint };
}

/** Appends findings one by one: a call with very many arguments would overflow the stack. */
export function addAll(findings: Finding[], more: readonly Finding[]): void {
  for (const one of more) findings.push(one);
}

/** The finding for an unknown member. It repeats the key only where that is surely a name. */
export function unknownMember(path: Path, known: readonly string[]): Finding {
  const key = String(path.at(-1));
  const shown = /^[a-z][a-z0-9_-]{0,40}$/i.test(key) ? key : "this member";
  const unknown = finding("key", path, `${shown} is not known here`, hintFor(key, known));
  const suggestion = suggestionFor(key, known);
  return suggestion === undefined ? unknown : { ...unknown, suggestion };
}

/** Bounds the names compared with a word: more, once for each problem, would take seconds. */
const MAX_COMPARED_NAMES = 2000;

function suggestionFor(word: string, known: readonly string[]): string | undefined {
  return known.length > MAX_COMPARED_NAMES ? undefined : closestName(word, known);
}

/** Suggests the closest known names. */
export function hintFor(word: string, known: readonly string[]): string | undefined {
  return known.length > MAX_COMPARED_NAMES ? undefined : nameHint(word, known.toSorted(), "known here");
}

/** Parses a value with a schema: its output, or findings whose paths start with `base`. */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  base: Path,
): { readonly ok: true; readonly output: T } | { readonly ok: false; readonly findings: Finding[] } {
  let result;
  try {
    result = schema.safeParse(value, { reportInput: true });
  } catch {
    // The library overflows its stack with a hundred thousand problems; and a schema that throws proves nothing.
    return {
      ok: false,
      findings: [finding("value", base, "this could not be checked", "is it far too long?")],
    };
  }
  if (result.success) return { ok: true, output: result.data };
  const findings = result.error.issues.flatMap((issue) => translate(issue, { schema, value, base }));
  return { ok: false, findings };
}

interface Context {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly base: Path;
}

function translate(issue: Issue, context: Context, above: Path = []): Finding[] {
  const inner: Path = [...above, ...plainPath(issue.path)];
  const path: Path = [...context.base, ...inner];
  if (issue.code === "invalid_union") {
    const branch = likeliest(issue.errors);
    if (branch !== undefined) return branch.flatMap((other) => translate(other, context, inner));
    const missing = valueAt(context.value, inner) === undefined && inner.length > 0;
    const message = missing
      ? `${String(path.at(-1))} is missing`
      : (ownWords(issue) ?? oneOfTypes(issue.errors));
    return [finding(missing ? "missing" : "value", path, message)];
  }
  if (issue.code === "unrecognized_keys") {
    const known = membersAt(context.schema, inner);
    // The key may be the secret itself, written in the place of its source.
    if (known.toSorted().join() === "env,file") return [finding("value", path, secretRule)];
    return issue.keys.map((key) => unknownMember([...path, key], known));
  }
  if (issue.code === "invalid_key") {
    const said = issue.issues[0];
    return [
      finding(
        "key",
        path,
        said === undefined ? "this name is not allowed" : (ownWords(said) ?? "this name is not allowed"),
      ),
    ];
  }
  const found = valueAt(context.value, inner);
  if (found === undefined && issue.code !== "custom") {
    return [finding("missing", path, `${String(path.at(-1) ?? "it")} is missing`)];
  }
  const [message, hint] = inWords(issue, found);
  const own = ownWords(issue);
  if (own !== undefined && issue.code !== "custom") return [finding("value", path, own)];
  return [finding("value", path, own ?? message, hint)];
}

function plainPath(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === "symbol" ? String(step) : step));
}

/** A message by the schema's author, not by the library. */
function ownWords(issue: Issue): string | undefined {
  const usual = z.locales.en().localeError(issue as z.core.$ZodRawIssue);
  const usualMessage = typeof usual === "object" && usual !== null ? usual.message : usual;
  return issue.message === usualMessage ? undefined : issue.message;
}

/** The branch of a union that was meant: the only one whose type fits, even if its members do not. */
function likeliest(branches: readonly Issue[][]): Issue[] | undefined {
  const fitting = branches.filter((issues) => !issues.some(isOfAnotherType));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Whether an issue says that the whole value has another type than the union's branch. */
function isOfAnotherType(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_union") return issue.errors.every((issues) => issues.some(isOfAnotherType));
  return issue.code === "invalid_type" || issue.code === "invalid_value";
}

function oneOfTypes(branches: readonly Issue[][]): string {
  const kinds = new Set(branches.flat().flatMap(typesOf));
  return kinds.size === 0 ? "this value is not allowed here" : `this must be ${[...kinds].join(" or ")}`;
}

function typesOf(issue: Issue): string[] {
  if (issue.path.length > 0) return [];
  if (issue.code === "invalid_union") return issue.errors.flat().flatMap(typesOf);
  if (issue.code === "invalid_type") return [typeWords[issue.expected] ?? issue.expected];
  return issue.code === "invalid_value" ? issue.values.map(String) : [];
}

const typeWords: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
  map: "a mapping",
  null: "null",
};

function typeOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "boolean" ? "true or false" : (typeWords[typeof value] ?? typeof value);
}

/** Puts an issue into our words, which never repeat the value. */
function inWords(issue: Issue, value: unknown): readonly [message: string, hint?: string | undefined] {
  switch (issue.code) {
    case "invalid_type": {
      const wanted = typeWords[issue.expected] ?? issue.expected;
      if (issue.expected === "int" && typeof value === "number") return [`this must be ${wanted}`];
      return [`this must be ${wanted}, and is ${typeOf(value)}`, typeHint(issue.expected, value)];
    }
    case "invalid_value": {
      const values = issue.values.map(String);
      return [
        values.length === 1 ? `this must be ${values[0] ?? ""}` : `this must be one of ${values.join(", ")}`,
        typeof value === "string" ? hintOfNearest(value, values) : undefined,
      ];
    }
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return ["this must not be empty"];
      return [`this must be at least ${issue.minimum}`];
    case "too_big":
      return [
        issue.origin === "string"
          ? `this is longer than ${issue.maximum}`
          : `this must be at most ${issue.maximum}`,
      ];
    case "invalid_format":
      return ["this is not written as it must be"];
    case "custom": {
      const hint: unknown = issue.params?.["hint"];
      return ["this value is not allowed here", typeof hint === "string" ? hint : undefined];
    }
    default:
      return ["this value is not allowed here"];
  }
}

function hintOfNearest(word: string, names: readonly string[]): string | undefined {
  const near = closestName(word, names);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

function typeHint(expected: string, value: unknown): string | undefined {
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean"))
    return "put it between quotes";
  if (expected === "array" && typeof value === "string") return "put it between brackets: [ … ]";
  if ((expected === "number" || expected === "int") && typeof value === "string")
    return "write it without quotes and units";
  return undefined;
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

const jsonSchemas = new WeakMap<z.ZodType, JsonSchema>();

/** The known members at a path of a schema, for hints. */
export function membersAt(schema: z.ZodType, path: Path): string[] {
  let json = jsonSchemas.get(schema);
  if (json === undefined) {
    json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    jsonSchemas.set(schema, json);
  }
  const root = json;
  const expand = (node: JsonSchema, depth: number): JsonSchema[] => {
    if (depth > 20) return [];
    if (node.$ref !== undefined) {
      const target = node.$ref === "#" ? root : root.$defs?.[node.$ref.replace("#/$defs/", "")];
      return target === undefined ? [] : expand(target, depth + 1);
    }
    const more = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
    return [node, ...more.flatMap((other) => (typeof other === "object" ? expand(other, depth + 1) : []))];
  };
  let nodes = expand(root, 0);
  for (const step of path) {
    nodes = nodes.flatMap((node) => {
      const next =
        typeof step === "number" ? node.items : (node.properties?.[step] ?? node.additionalProperties);
      return typeof next === "object" && !Array.isArray(next) ? expand(next, 0) : [];
    });
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}
