import { holdsOf } from "./keywords.ts";
import { createReferences } from "./references.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Keywords whose schemas judge the very value that their own schema judges. */
const inPlace: ReadonlySet<string> = new Set([
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentSchemas",
]);

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The schemas that a keyword holds. */
function held(keyword: string, value: unknown): readonly unknown[] {
  const holds = holdsOf(keyword);
  if (holds === "schema") return [value];
  return holds === "schemas" || holds === "schemasByName" ? Object.values(value as object) : [];
}

/**
 * What is wrong with the references of a schema whose keywords are in order, or undefined. Each leads to a schema of the same
 * file whose keywords were looked at too (no annotation and no constant, where any keyword may stand), and none leads back to
 * where it stands without going into the value, which would never end.
 */
export function problemOfReferences(root: unknown): string | undefined {
  const referred = createReferences(root);
  const places = new Map<Schema, string>();
  const visit = (schema: unknown, at: string): void => {
    if (!isSchema(schema)) return;
    places.set(schema, at);
    for (const [keyword, value] of Object.entries(schema))
      for (const each of held(keyword, value)) visit(each, `${at}/${keyword}`.slice(0, 200));
  };
  visit(root, "");
  for (const [schema, at] of places) {
    if (!Object.hasOwn(schema, "$ref")) continue;
    const target = referred(schema["$ref"]);
    if (typeof target !== "boolean" && !(isSchema(target) && places.has(target)))
      return `${at}/$ref leads to no schema that is certain: write #/$defs/NAME, of this file, and no $id inside of it`;
  }
  const done = new Set<Schema>();
  const within = new Set<Schema>();
  const loops = (schema: unknown): boolean => {
    if (!isSchema(schema) || done.has(schema)) return false;
    if (within.has(schema)) return true;
    within.add(schema);
    const next = Object.entries(schema).flatMap(([keyword, value]) =>
      keyword === "$ref" ? [referred(value)] : inPlace.has(keyword) ? held(keyword, value) : [],
    );
    const found = next.some(loops);
    within.delete(schema);
    done.add(schema);
    return found;
  };
  for (const [schema, at] of places)
    if (loops(schema)) return `${at}/$ref leads back to itself without an end`;
  return undefined;
}
