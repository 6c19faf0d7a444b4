import { OWN_PREFIX } from "./answers.ts";

/** A result of an upstream server's, or a part of one. */
type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as unknown[]).filter(isObject) : [];
}

/** The members that are text: what else stood there could hold members of its own. */
function texts(from: Fields, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = from[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

/** A value without members that are named as the gateway's own words are, however deep. */
function withoutOwnNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwnNames);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) =>
      name.startsWith(OWN_PREFIX) ? [] : [[name, withoutOwnNames(each)]],
    ),
  );
}

/** `type/subtype`, and nothing that says more. */
const mediaType = /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}$/;

function sizeOf({ size }: Fields): { readonly size?: unknown } {
  return Number.isSafeInteger(size) ? { size } : {};
}

/** What a resource holds (MCP, "Resource Contents"). */
function resourceContents(from: Fields): Fields {
  return texts(from, ["uri", "mimeType", "text", "blob"]);
}

/**
 * One block of content (MCP, "Content"): the members of its kind. What a client acts on beside them, such as `_meta`,
 * annotations and icons, was accepted by nobody.
 */
function contentOf(block: Fields): Fields {
  switch (block["type"]) {
    case "text":
      return { type: "text", text: "", ...texts(block, ["text"]) };
    case "image":
    case "audio":
      return texts(block, ["type", "data", "mimeType"]);
    case "resource_link":
      return { ...texts(block, ["type", "uri", "name", "mimeType"]), ...sizeOf(block) };
    case "resource":
      return {
        type: "resource",
        resource: isObject(block["resource"]) ? resourceContents(block["resource"]) : {},
      };
    default:
      return { type: "text", text: "(content of a kind that Mayfly does not pass on)" };
  }
}

/** What comes down of a tool's result. */
export function toolResult(from: Fields): Fields {
  return {
    content: list(from["content"]).map(contentOf),
    ...(isObject(from["structuredContent"])
      ? { structuredContent: withoutOwnNames(from["structuredContent"]) }
      : {}),
    ...(from["isError"] === true ? { isError: true } : {}),
  };
}

/** What comes down of a prompt's messages: its description is a definition's to say. */
export function promptResult(from: Fields): Fields {
  return {
    messages: list(from["messages"]).map(({ role, content }) => ({
      role: role === "assistant" ? "assistant" : "user",
      content: contentOf(isObject(content) ? content : {}),
    })),
  };
}

/** What comes down of a resource that was read. */
export function readResult(from: Fields): Fields {
  return { contents: list(from["contents"]).map(resourceContents) };
}

/** A resource as it is listed: where it is and of which type. Its names and descriptions were accepted by nobody. */
export function listedResource(from: Fields): Fields {
  const { uri, mimeType } = from;
  return {
    uri,
    name: uri,
    ...(typeof mimeType === "string" && mediaType.test(mimeType) ? { mimeType } : {}),
    ...sizeOf(from),
  };
}

/** Whether it looks like a cursor, or is none: nothing that could say more, to a client or to the server. */
export function isCursor(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === "string" && /^[\x21-\x7e]{1,1024}$/.test(value));
}

/** A cursor says where a list goes on, to the server alone: it is passed on as long as it looks like one. */
export function cursorOf({ nextCursor }: Fields): { readonly nextCursor?: string } {
  return nextCursor !== undefined && isCursor(nextCursor) ? { nextCursor } : {};
}
