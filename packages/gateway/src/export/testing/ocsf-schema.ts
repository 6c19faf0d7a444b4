import { readFileSync } from "node:fs";

// Validates events against the published schema, as its own server does: required attributes, attributes that it does not
// know, types, enumerations, constraints, and the numbers that follow from one another.

interface Attribute {
  readonly type: string;
  readonly is_array?: boolean;
  readonly requirement: string;
  readonly enum?: readonly string[];
}
interface Definition {
  readonly uid?: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constraints?: { readonly at_least_one?: readonly string[]; readonly just_one?: readonly string[] };
}
interface Type {
  readonly base?: string;
  readonly regex?: string;
  readonly range?: readonly [number, number];
  readonly max_len?: number;
}
const schema = JSON.parse(readFileSync(new URL("./ocsf-1.8.0.json", import.meta.url), "utf8")) as {
  readonly version: string;
  readonly types: Readonly<Record<string, Type>>;
  readonly classes: Readonly<Record<string, Definition>>;
  readonly objects: Readonly<Record<string, Definition>>;
};

type Mapping = Readonly<Record<string, unknown>>;

/** Everything that is wrong with an event, each with its place. */
export function ocsfProblems(event: Mapping): readonly string[] {
  const { class_uid, activity_id, category_uid, type_uid, metadata } = event;
  const found = Object.values(schema.classes).find(({ uid }) => uid === class_uid);
  if (found === undefined) return [`there is no class ${String(class_uid)}`];
  const problems = problemsOf(found, event, "");
  if (type_uid !== Number(class_uid) * 100 + Number(activity_id)) problems.push("type_uid does not follow");
  if (category_uid !== Math.floor(Number(class_uid) / 1000)) problems.push("category_uid does not follow");
  if ((metadata as Mapping | undefined)?.["version"] !== schema.version) problems.push("another version");
  return problems;
}

function problemsOf({ attributes, constraints }: Definition, value: Mapping, at: string): string[] {
  const problems: string[] = [];
  for (const [name, { requirement }] of Object.entries(attributes))
    if (requirement === "required" && value[name] === undefined) problems.push(`${at}${name} is missing`);
  for (const [name, member] of Object.entries(value)) {
    const attribute = attributes[name];
    if (attribute === undefined) problems.push(`${at}${name} is not known`);
    else if (attribute.is_array !== true) problems.push(...wrongIn(attribute, member, `${at}${name}`));
    else if (!Array.isArray(member)) problems.push(`${at}${name} is no list`);
    else for (const each of member) problems.push(...wrongIn(attribute, each, `${at}${name}[]`));
  }
  const { at_least_one: some, just_one: one } = constraints ?? {};
  if (some !== undefined && !some.some((name) => value[name] !== undefined))
    problems.push(`${at} has none of ${some.join()}`);
  if (one !== undefined && one.filter((name) => value[name] !== undefined).length !== 1)
    problems.push(`${at} has not one of ${one.join()}`);
  return problems;
}

function wrongIn(attribute: Attribute, value: unknown, at: string): readonly string[] {
  const { type, enum: values } = attribute;
  if (values !== undefined && !values.includes(String(value))) return [`${at} is none of ${values.join()}`];
  const simple = schema.types[type];
  if (simple !== undefined) return wrongType(type, simple, value) ? [`${at} is no ${type}`] : [];
  const object = schema.objects[type];
  if (object === undefined) return [`${at}: the test carries no object ${type}`];
  if (typeof value !== "object" || value === null) return [`${at} is no object`];
  // "object" is the one that anything may stand in.
  return type === "object" ? [] : problemsOf(object, value as Mapping, `${at}.`);
}

function wrongType(name: string, { base, regex, range, max_len }: Type, value: unknown): boolean {
  const kind = base ?? name;
  if (kind === "json_t") return false;
  if (kind === "string_t") {
    if (typeof value !== "string" || value === "") return true;
    return (
      (max_len !== undefined && value.length > max_len) ||
      (regex !== undefined && !new RegExp(regex).test(value))
    );
  }
  if (kind === "boolean_t") return typeof value !== "boolean";
  if (typeof value !== "number" || (kind !== "float_t" && !Number.isSafeInteger(value))) return true;
  return range !== undefined && (value < range[0] || value > range[1]);
}
