import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

// Compiles what tests need of the Open Cybersecurity Schema Framework into one file: the classes and objects that the
// exporter uses, each with all its attributes. `node scripts/ocsf-schema.ts FOLDER`, of https://github.com/ocsf/ocsf-schema
// (Apache License 2.0) at the tag of the version that `OCSF_VERSION` in export/ocsf names.

const CLASSES = ["api_activity", "datastore_activity", "authentication", "entity_management", "user_access"];
const OBJECTS = [
  "actor",
  "api",
  "authorization",
  "database",
  "http_request",
  "managed_entity",
  "metadata",
  "network_endpoint",
  "object",
  "policy",
  "product",
  "query_info",
  "request",
  "resource_details",
  "response",
  "service",
  "session",
  "url",
  "user",
];
const target = path.join(import.meta.dirname, "../packages/gateway/src/export/testing/ocsf-1.8.0.json");

interface Attribute {
  readonly type?: string;
  readonly is_array?: boolean;
  readonly requirement?: string;
  readonly profile?: string | null;
  readonly enum?: Readonly<Record<string, unknown>>;
  readonly sibling?: string;
}
interface Definition {
  readonly name?: string;
  readonly extends?: string;
  readonly uid?: number;
  readonly category?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly constraints?: unknown;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node scripts/ocsf-schema.ts FOLDER");
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(folder, file), "utf8"));
const all = (under: string): readonly Definition[] =>
  readdirSync(path.join(folder, under), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .map((name) => read(path.join(under, name)) as Definition);

const dictionary = read("dictionary.json") as {
  readonly attributes: Readonly<Record<string, Attribute & { readonly caption: string }>>;
  readonly types: { readonly attributes: Readonly<Record<string, object>> };
};
const categories = (read("categories.json") as { attributes: Record<string, { uid: number }> }).attributes;
const { version } = read("version.json") as { readonly version: string };
type Definitions = ReadonlyMap<string | undefined, Definition>;
const named = (under: string): Definitions => new Map(all(under).map((each) => [each.name, each]));
const [events, objects] = [named("events"), named("objects")];

/** A definition with what those say that it extends. Attributes of profiles are left out: events use none. */
function resolve(among: Definitions, name: string): Definition {
  const own = among.get(name);
  if (own === undefined) throw new Error(`the schema has no ${name}`);
  const base = own.extends === undefined || own.extends === name ? {} : resolve(among, own.extends);
  const attributes: Record<string, Attribute> = { ...base.attributes };
  for (const [attribute, said] of Object.entries(own.attributes ?? {})) {
    if (attribute === "$include" || typeof said.profile === "string") continue;
    const before = attributes[attribute];
    attributes[attribute] = { ...before, ...said, enum: { ...before?.enum, ...said.enum } };
  }
  return { ...base, ...own, attributes };
}

function compiled(among: Definitions, name: string): object {
  const { uid, category, attributes, constraints } = resolve(among, name);
  const shown = Object.entries(attributes ?? {}).map(([attribute, said]) => {
    const general = dictionary.attributes[attribute];
    // A class's own numbers follow from its definition.
    const isOwn = /^(?:class|category|type)_uid$/.test(attribute);
    const values = isOwn ? [] : Object.keys({ ...general?.enum, ...said.enum });
    const type = said.type ?? general?.type;
    return [
      attribute,
      {
        type,
        ...((said.is_array ?? general?.is_array) ? { is_array: true } : {}),
        requirement: said.requirement ?? "optional",
        ...(values.length === 0 ? {} : { enum: values }),
      },
    ];
  });
  return {
    ...(category === undefined ? {} : { uid: (categories[category]?.uid ?? 0) * 1000 + (uid ?? 0) }),
    ...(constraints === undefined ? {} : { constraints }),
    attributes: Object.fromEntries(shown) as object,
  };
}

const types = Object.fromEntries(
  Object.entries(dictionary.types.attributes).map(([name, type]) => {
    const { regex, range, max_len, type: base } = type as Record<string, unknown>;
    return [name, { base, regex, range, max_len }];
  }),
);
const compile = (among: Definitions, names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, compiled(among, name)]));
const text = JSON.stringify({
  source: "https://github.com/ocsf/ocsf-schema",
  license:
    "Apache-2.0; Copyright OCSF a Series of LF Projects, LLC; compiled, with these classes and objects alone",
  version,
  types,
  classes: compile(events, CLASSES),
  objects: compile(objects, OBJECTS),
});
writeFileSync(target, `${text}\n`);
console.log(`wrote ${target}`);
