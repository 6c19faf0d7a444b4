import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import { mergedShape, schemaOf, shapeOf, type Shape } from "../../../gate/inventory/value-shape.ts";
import { parseStrictJson } from "../../../kernel/strict-json.ts";
import { isNameLike } from "./words.ts";
import type { Endpoint, SeenItem } from "./endpoints.ts";

/** Methods whose requests have a body, as most APIs have it (RFC 9110, section 9.3). */
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);
/** The largest body that an operation takes where it says nothing, bytes. */
const USUAL_BYTES = 65_536;
/** The deepest nesting of a body that is looked at. */
const MAX_DEPTH = 64;

/** What a scope says of the bodies of requests at an endpoint; undefined: none of them had one. */
export interface BodyDraft {
  readonly schema?: object;
  /** Bytes; left out: the usual. */
  readonly max?: number;
  readonly types: readonly string[];
}

/** Bodies are alike that fit in the same power of two, from 1,024 bytes on. */
export const sizeOf = (body: number | "streamed"): number | "streamed" =>
  body === "streamed" || body === 0 ? body : 2 ** Math.ceil(Math.log2(Math.max(body, 1024)));

/** What a body looks like; undefined: there is none, or none that can be read in one way only. */
export function bodyShape(json: string | undefined): Shape | undefined {
  if (json === undefined) return undefined;
  try {
    return shapeOf(parseStrictJson(json, MAX_DEPTH));
  } catch {
    return undefined;
  }
}

/** The most names of members that are looked at. */
const MAX_NAMES = 10_000;

/** A member of a body. */
interface BodyMember {
  /** With those that it is in: `customer.email`. What may be somebody's value is an ellipsis. */
  readonly path: string;
  readonly name: string;
}

function allMembers(json: string | undefined): readonly BodyMember[] {
  if (json === undefined) return [];
  const members: BodyMember[] = [];
  const look = (value: unknown, of: string): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (members.length >= MAX_NAMES) return;
      const path = Array.isArray(value) ? of : `${of}${of === "" ? "" : "."}${isNameLike(name) ? name : "…"}`;
      if (!Array.isArray(value)) members.push({ path, name });
      look(member, path);
    }
  };
  try {
    look(parseStrictJson(json, MAX_DEPTH), "");
  } catch {
    // No schema takes it, and that is said of it.
  }
  return members;
}

/** The members of a body, once each. */
export const membersOf = (json: string | undefined): readonly string[] => [
  ...new Set(allMembers(json).map(({ path }) => path)),
];

/** The members of a body that look secret. */
export const secretMembers = (json: string | undefined): readonly string[] => [
  ...new Set(allMembers(json).flatMap(({ path, name }) => (sensitivityOf(name) === "secret" ? [path] : []))),
];

/**
 * The bodies of requests. What they hold is what all of them had in common, where the source shows that, or what the document says.
 * Where no source says whether there was one, it goes by the method and the document.
 */
export function bodyOf(
  { method, documented }: Pick<Endpoint, "method" | "documented">,
  items: readonly SeenItem[],
): BodyDraft | undefined {
  const requests = items.map(({ request }) => request);
  const withBody = requests.filter(({ body }) => body !== undefined && body !== 0);
  const types = documented?.operation.bodyTypes;
  const isLikely = documented === undefined ? WITH_BODY.has(method) : types !== undefined;
  const unknown = isLikely ? requests.filter(({ body }) => body === undefined) : [];
  if (withBody.length === 0 && unknown.length === 0) return undefined;
  const sizes = withBody.map(({ body = 0 }) => sizeOf(body)).filter((size) => typeof size === "number");
  const largest = Math.max(0, ...sizes);
  const shown = unknown.length > 0 ? undefined : schemaOfAll(withBody);
  const schema = shown ?? documented?.body?.schema;
  const seen = [...new Set(withBody.flatMap(({ type }) => type ?? []))].toSorted();
  return {
    ...(schema === undefined ? {} : { schema }),
    ...(largest > USUAL_BYTES ? { max: largest } : {}),
    types: seen.length > 0 ? seen : (types ?? ["application/json"]),
  };
}

/** The schema that takes all of some bodies; undefined: one of them nobody has seen, or no schema says it. */
function schemaOfAll(requests: readonly SeenItem["request"][]): object | undefined {
  const shapes = requests.map(({ json }) => bodyShape(json));
  const [first, ...rest] = shapes.filter((shape) => shape !== undefined);
  if (first === undefined || rest.length + 1 < shapes.length) return undefined;
  return schemaOf(rest.reduce(mergedShape, first));
}

/** Whether requests have bodies that were all seen, and of which no schema says what they hold. */
export function isBeyondSchemas(endpoint: Pick<Endpoint, "documented">, items: readonly SeenItem[]): boolean {
  if (endpoint.documented?.body !== undefined) return false;
  return schemaOfAll(items.map(({ request }) => request)) === undefined;
}
