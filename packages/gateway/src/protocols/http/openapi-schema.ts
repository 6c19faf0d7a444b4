import { FORMATS } from "../../gate/web/schema/formats.ts";
import { holdsOf } from "../../gate/web/schema/keywords.ts";
import { atPointer } from "../../gate/web/schema/references.ts";

/** An object of a document. */
export type Obj = Readonly<Record<string, unknown>>;

/** The deepest nesting that is copied, a little less than is taken at load, and the references that are followed in a row. */
const MAX_DEPTH = 60;

export function isObject(value: unknown): value is Obj {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a local reference leads to (RFC 6901); undefined: nothing of this document. */
function resolve(document: Obj, reference: unknown): unknown {
  if (typeof reference !== "string" || !reference.startsWith("#/")) return undefined;
  try {
    return atPointer(document, reference);
  } catch {
    // An escape that is none.
    return undefined;
  }
}

/**
 * Follows the references of anything but a schema.
 * @param note is told what leads nowhere, and what stands beside a reference and is not taken
 */
export function follow(document: Obj, value: unknown, note: (text: string) => void, depth = 0): Obj {
  if (!isObject(value)) return {};
  const { $ref: reference, ...beside } = value;
  if (reference === undefined) return value;
  const target = depth > MAX_DEPTH ? undefined : resolve(document, reference);
  if (!isObject(target)) {
    note(`${shown(reference)} leads to nothing in this document, and is left out`);
    return {};
  }
  const lost = Object.keys(beside).filter((name) => name !== "summary" && name !== "description");
  if (lost.length > 0) note(`${lost.map(shown).join(", ")} beside ${shown(reference)} is left out`);
  return follow(document, target, note, depth + 1);
}

function shown(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing")).slice(0, 120);
}

/** The bounds of OpenAPI 3.0, where a flag says that one is exclusive, as JSON Schema says them. */
function withBounds(schema: Obj): Obj {
  const bounds: Record<string, unknown> = { ...schema };
  for (const [bound, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    const flag = bounds[exclusive];
    if (typeof flag !== "boolean") continue;
    delete bounds[exclusive];
    if (!flag || bounds[bound] === undefined) continue;
    bounds[exclusive] = bounds[bound];
    delete bounds[bound];
  }
  return bounds;
}

/** Keywords that only references need, which are written anew. */
const forReferences: ReadonlySet<string> = new Set(["$id", "$anchor", "$schema", "$defs", "definitions"]);

/** Copies the schemas of one body. */
class Copy {
  readonly definitions: Record<string, unknown> = {};
  readonly #names = new Map<string, string>();
  readonly #document: Obj;
  readonly #note: (text: string) => void;
  /**
   * Whether it is OpenAPI 3.0: readers ignore what stands beside a reference (section 4.7.23), `nullable` is a keyword, and
   * `exclusiveMinimum` a flag. Since 3.1 schemas are those of JSON Schema 2020-12.
   */
  readonly #isOld: boolean;
  /** The schemas around that have an `$id` of their own: references within start there (JSON Schema Core, section 8.2.1). */
  readonly #own: Obj[] = [];

  constructor(document: Obj, note: (text: string) => void) {
    this.#document = document;
    this.#note = note;
    this.#isOld = /^3\.0(?:\.|$)/.test(String(document["openapi"]));
  }

  of(value: unknown, depth: number): unknown {
    if (typeof value === "boolean") return value;
    if (depth > MAX_DEPTH) return this.#nothing("it nests too deep");
    if (!isObject(value)) return this.#nothing(`${shown(value)} is no schema`);
    if (typeof value["$id"] !== "string") return this.#schema(value, depth);
    this.#own.push(value);
    const copied = this.#schema(value, depth);
    this.#own.pop();
    return copied;
  }

  #schema(value: Obj, depth: number): unknown {
    const { $ref: reference, ...rest } = value;
    if (reference === undefined) return this.#members(rest, depth);
    const referred = this.#reference(reference, depth);
    const beside = Object.keys(rest).filter((keyword) => !keyword.startsWith("x-"));
    if (beside.length === 0) return referred;
    if (this.#isOld) {
      const said = beside.filter((keyword) => keyword !== "description" && keyword !== "summary");
      if (said.length > 0)
        this.#note(
          `${said.map(shown).join(", ")} beside $ref ${shown(reference)} is left out, as OpenAPI 3.0 has it`,
        );
      return referred;
    }
    const members = this.#members(rest, depth);
    return referred === false || members === false ? false : { ...(members as Obj), ...(referred as Obj) };
  }

  /** What cannot be copied takes no value until somebody writes it. */
  #nothing(why: string): false {
    this.#note(`${why}: nothing is taken there until you write it`);
    return false;
  }

  #reference(reference: unknown, depth: number): unknown {
    // Most documents mean themselves by it all the same.
    if (this.#own.some((each) => resolve(each, reference) !== undefined))
      return this.#nothing(`$ref ${shown(reference)} starts in a schema that has an $id of its own`);
    const target = resolve(this.#document, reference);
    if (typeof reference !== "string" || target === undefined)
      return this.#nothing(`$ref ${shown(reference)} leads to nothing in this document`);
    const known = this.#names.get(reference);
    if (known !== undefined) return { $ref: `#/$defs/${known}` };
    const name = this.#nameFor(reference);
    this.#names.set(reference, name);
    this.definitions[name] = false;
    this.definitions[name] = this.of(target, depth + 1);
    return { $ref: `#/$defs/${name}` };
  }

  /** The last name of a reference, with a number where another one has it already. */
  #nameFor(reference: string): string {
    const last = (reference.split("/").at(-1) ?? "").replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, 64);
    const bare = last === "" || last === "__proto__" ? "schema" : last;
    let name = bare;
    for (let n = 2; Object.hasOwn(this.definitions, name); n += 1) name = `${bare}-${n}`;
    return name;
  }

  #members({ nullable, ...rest }: Obj, depth: number): unknown {
    const members: Record<string, unknown> = {};
    for (const [keyword, item] of Object.entries(this.#isOld ? withBounds(rest) : rest)) {
      if (forReferences.has(keyword)) continue;
      const holds = holdsOf(keyword);
      if (holds === undefined || (keyword === "format" && !Object.hasOwn(FORMATS, String(item)))) {
        // Extensions say nothing of a value; what else is not enforced would have.
        if (!keyword.startsWith("x-"))
          this.#note(
            `${keyword === "format" ? `format: ${shown(item)}` : shown(keyword)} in its body is left out, it is not enforced`,
          );
      } else if (holds === "value") members[keyword] = item;
      else if (holds === "schema") members[keyword] = this.of(item, depth + 1);
      else if (holds === "schemas" && Array.isArray(item))
        members[keyword] = item.map((each) => this.of(each, depth + 1));
      else if (holds === "schemasByName" && isObject(item))
        members[keyword] = Object.fromEntries(
          Object.entries(item).map(([name, each]) => [name, this.of(each, depth + 1)]),
        );
      else return this.#nothing(`${keyword} holds no schemas`);
    }
    if (nullable === true) {
      // OpenAPI 3.0's `nullable`, as JSON Schema says it.
      if (!this.#isOld) this.#note("nullable in its body is left out, it says nothing since OpenAPI 3.1");
      else if (typeof members["type"] === "string") members["type"] = [members["type"], "null"];
      else this.#note("nullable without one type in its body is left out");
    }
    return members;
  }
}

/**
 * A schema of a document with what it refers to inside of it, in the keywords that are enforced.
 * @param note is told what is left out, and what cannot be copied
 */
export function standalone(document: Obj, schema: unknown, note: (text: string) => void): unknown {
  const copy = new Copy(document, note);
  const made = copy.of(schema, 0);
  if (!isObject(made) || Object.keys(copy.definitions).length === 0) return made;
  return { ...made, $defs: copy.definitions };
}
