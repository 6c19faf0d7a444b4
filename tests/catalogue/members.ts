// The members of the configuration, read from the schema that loading and editors use: nothing here is a list by hand.

/** The part of JSON Schema (2020-12) that zod writes. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

/** A place in a document: names and indices from its root. */
export type Path = readonly (string | number)[];

/** `{ env: NAME }` or `{ file: PATH }`: one thing, wherever it stands. */
function isSecret({ anyOf }: Schema): boolean {
  const names = (anyOf ?? []).map(({ properties }) => Object.keys(properties ?? {}).join());
  return names.length === 2 && names.includes("env") && names.includes("file");
}

function isRecord(schema: Schema): schema is Schema & { additionalProperties: Schema } {
  return typeof schema.additionalProperties === "object";
}

/** The forms that a value may take, unions of unions taken apart. */
function formsOf(schema: Schema): readonly Schema[] {
  if (schema.anyOf === undefined || isSecret(schema)) return [schema];
  const forms = schema.anyOf.flatMap(formsOf);
  // The two forms of a secret, beside others.
  const halves = forms.filter(({ properties }) =>
    ["env", "file"].includes(Object.keys(properties ?? {}).join()),
  );
  return halves.length === 2 ? [...forms.filter((form) => !halves.includes(form)), { anyOf: halves }] : forms;
}

/** How a form of a union is called: `array`, `"all"`, `secret`, `{postgres}`. */
function labelOf(form: Schema): string {
  if (isSecret(form)) return "secret";
  if (form.const !== undefined) return JSON.stringify(form.const);
  const [first] = Object.keys(form.properties ?? {});
  return first === undefined ? (form.type ?? "any") : `{${first}}`;
}

/** Whether everything that an object says is said by its members: `{}` says what leaving it out says. */
function isContainer(schema: Schema): boolean {
  return (
    schema.properties !== undefined && (schema.required ?? []).length === 0 && formsOf(schema).length === 1
  );
}

/** The forms that may be written at a place, and the values of an enumeration: each is a member of its own. */
function featuresOf(path: string, schema: Schema): readonly string[] {
  const forms = formsOf(schema);
  const labels = forms.length > 1 ? forms.map((form) => `${path}<${labelOf(form)}>`) : [];
  const values = forms.flatMap((form) => {
    const all = form.type === "array" ? form.items?.enum : form.enum;
    return (all ?? []).length > 1 ? (all ?? []).map((value) => `${path}=${String(value)}`) : [];
  });
  return [...labels, ...values];
}

/** Every member below a schema by its path: properties, the forms of unions and the values of enumerations. */
export function membersOf(schema: Schema): ReadonlySet<string> {
  const members = new Set<string>();
  walk(schema, "");
  return members;

  function walk(at: Schema, path: string): void {
    const forms = formsOf(at);
    const objects = forms.filter(({ properties }) => properties !== undefined);
    for (const form of forms) {
      if (isSecret(form)) continue;
      if (form.type === "array" && form.items !== undefined) walkItems(form.items, path);
      if (isRecord(form)) walkValue(form.additionalProperties, `${path}.*`);
      // Objects of one union are told apart by their first member.
      const here = objects.length > 1 && form.properties !== undefined ? `${path}${labelOf(form)}` : path;
      for (const [name, member] of Object.entries(form.properties ?? {})) {
        const full = here === "" ? name : `${here}.${name}`;
        if (!isContainer(member)) members.add(full);
        walkValue(member, full);
      }
    }
  }

  function walkItems(items: Schema, path: string): void {
    const forms = formsOf(items);
    if (forms.length > 1) for (const each of featuresOf(`${path}[]`, items)) members.add(each);
    walk(items, path);
  }

  function walkValue(member: Schema, path: string): void {
    for (const each of featuresOf(path, member)) members.add(each);
    walk(member, path);
  }
}

/** Whether a value could be of a form, as far as forms are told apart. */
function fits(form: Schema, value: unknown): boolean {
  if (isSecret(form)) return isMapping(value) && ("env" in value || "file" in value);
  if (form.const !== undefined) return form.const === value;
  if (form.type === "array") return Array.isArray(value);
  if (form.type === "null") return value === null;
  if (form.type === "integer" || form.type === "number") return typeof value === "number";
  if (form.type === "object") {
    if (!isMapping(value)) return false;
    const { properties } = form;
    if (isRecord(form)) return true;
    return properties === undefined || Object.keys(value).every((key) => key in properties);
  }
  return form.type === undefined || form.type === typeof value;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What of a place's features a value uses. */
function usedBy(path: string, schema: Schema, value: unknown): ReadonlySet<string> {
  const used = new Set<string>();
  if (value === undefined) return used;
  const forms = formsOf(schema);
  const form = forms.find((each) => fits(each, value));
  if (form === undefined) return used;
  if (forms.length > 1) used.add(`${path}<${labelOf(form)}>`);
  for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
    used.add(`${path}=${String(each)}`);
  if (Array.isArray(value) && form.items !== undefined && formsOf(form.items).length > 1)
    for (const each of value as unknown[])
      for (const one of usedBy(`${path}[]`, form.items, each)) used.add(one);
  return used;
}

/**
 * The members that a change of one place in a document is about: the place's own, and the forms and values that only
 * one of the two has.
 * @throws TypeError when the schema knows no such place
 */
export function membersChanged(
  schema: Schema,
  document: unknown,
  path: Path,
  before: unknown,
  after: unknown,
): ReadonlySet<string> {
  let at = schema;
  let value = document;
  let name = "";
  for (const key of path) {
    const forms = formsOf(at);
    const objects = forms.filter(({ properties }) => properties !== undefined);
    const form = forms.find(
      (each) =>
        (each.properties !== undefined && key in each.properties && fits(each, value)) ||
        (isRecord(each) && typeof key === "string") ||
        (each.type === "array" && typeof key === "number"),
    );
    if (form === undefined) throw new TypeError(`the schema knows no ${path.join(".")}: ${key} is not there`);
    value = (value as Record<string, unknown> | undefined)?.[key];
    if (typeof key === "number") {
      at = form.items ?? {};
    } else if (form.properties?.[key] !== undefined) {
      if (objects.length > 1) name += labelOf(form);
      at = form.properties[key];
      name = name === "" ? key : `${name}.${key}`;
    } else if (isRecord(form)) {
      at = form.additionalProperties;
      name += ".*";
    }
  }
  const [used, usedAfter] = [usedBy(name, at, before), usedBy(name, at, after)];
  const apart = [...used, ...usedAfter].filter((each) => used.has(each) !== usedAfter.has(each));
  return new Set([name, ...apart]);
}
