import { isCatalogue, isCatalogueName } from "../guard/names/catalogue.ts";

/** What a statement names, whatever it means there. Each list is in the order of the statement. */
export interface Named {
  /** Relations as `schema.name`; names of WITH queries are among them. The catalogue's are left out. */
  readonly tables: readonly string[];
  /** Relations that were named without a schema, by that name. */
  readonly bare: ReadonlySet<string>;
  /** Temporary tables that it makes, by their names without a schema. */
  readonly made: readonly string[];
  /** Whether it names the catalogue. */
  readonly catalogue: boolean;
  /** Whatever could be a column. */
  readonly columns: readonly string[];
  readonly functions: readonly string[];
  readonly types: readonly string[];
  /** Texts among the values that could be the name of a channel or a setting. */
  readonly texts: readonly string[];
  /** Kinds of nodes. */
  readonly nodes: ReadonlySet<string>;
}

/** Far below where the stack ends. */
const MAX_DEPTH = 1000;
/** Longer texts are no names (NAMEDATALEN). */
const MAX_NAME_BYTES = 63;

const isName = (text: unknown): text is string =>
  typeof text === "string" && text !== "" && Buffer.byteLength(text) <= MAX_NAME_BYTES;

/** The parts of a name, as the parse tree has them. */
function partsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: { readonly String?: { readonly sval?: unknown } } | null) =>
    isName(entry?.String?.sval) ? [entry.String.sval] : [],
  );
}

/** Lists of names that are no columns': of functions, operators (A_Expr) and types. */
const otherNames: ReadonlySet<string> = new Set(["funcname", "name", "names"]);

/** The text of a constant (A_Const). */
const constantOf = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "sval" in value ? value.sval : undefined;

/**
 * Collects the names in a statement.
 * @param statement as the grammar parsed it
 * @param schema of names without one
 * @param isOwn whether a function without a schema is the database's own, and not PostgreSQL's
 */
export function namedIn(
  statement: unknown,
  schema: string,
  isOwn: (name: string) => boolean = () => true,
): Named {
  const tables = new Set<string>();
  const bare = new Set<string>();
  const made = new Set<string>();
  const columns = new Set<string>();
  const functions = new Set<string>();
  const types = new Set<string>();
  const texts = new Set<string>();
  const nodes = new Set<string>();
  let catalogue = false;
  const add = (names: Set<string>, [first = "", second]: readonly string[], usual: string): void => {
    if (first !== "") names.add(second === undefined ? `${usual}.${first}` : `${first}.${second}`);
  };
  const visit = (value: unknown, depth: number): void => {
    if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return;
    if (!Array.isArray(value)) {
      const node = value as Record<string, unknown>;
      if (isName(node["relname"])) {
        const given = node["schemaname"];
        const isOfCatalogue = isName(given) ? isCatalogue(given) : isCatalogueName(node["relname"]);
        if (isOfCatalogue) catalogue = true;
        else tables.add(`${isName(given) ? given : schema}.${node["relname"]}`);
        if (!isName(given)) bare.add(node["relname"]);
        if (node["relpersistence"] === "t") made.add(node["relname"]);
      }
      const called = partsOf(node["funcname"]);
      add(functions, called, isOwn(called[0] ?? "") ? schema : "pg_catalog");
      if ("typemod" in node) add(types, partsOf(node["names"]), schema);
      for (const name of [partsOf([node])[0], node["name"]]) if (isName(name)) columns.add(name);
      for (const text of [constantOf(node["sval"]), node["name"], node["conditionname"]])
        if (isName(text)) texts.add(text);
    }
    for (const [member, each] of Object.entries(value)) {
      if (!Array.isArray(value) && /^[A-Z]/u.test(member)) nodes.add(member);
      if (!otherNames.has(member) || !Array.isArray(each)) visit(each, depth + 1);
    }
  };
  visit(statement, 0);
  return {
    tables: [...tables],
    bare,
    made: [...made],
    catalogue,
    columns: [...columns],
    functions: [...functions],
    types: [...types],
    texts: [...texts],
    nodes,
  };
}
