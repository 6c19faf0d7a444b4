/** A media type, read (RFC 9110, section 8.3.1). */
export interface MediaType {
  /** `type/subtype`, in lower case. */
  readonly essence: string;
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const head = new RegExp(`^[ \\t]*(${token}/${token})[ \\t]*`);
const parameter = new RegExp(
  `^;[ \\t]*(?:(${token})=(?:(${token})|"((?:[\\t !#-\\[\\]-~]|\\\\[\\t -~])*)"))?[ \\t]*`,
);

/** Reads a media type strictly; undefined when another reader could read another one, or no character set, out of it. */
export function readMediaType(value: string): MediaType | undefined {
  const first = head.exec(value);
  if (first === null) return undefined;
  const parameters = new Map<string, string>();
  let rest = value.slice(first[0].length);
  while (rest !== "") {
    const each = parameter.exec(rest);
    if (each === null) return undefined;
    const [all, name, plain, quoted = ""] = each;
    rest = rest.slice(all.length);
    if (name === undefined) continue;
    const key = name.toLowerCase();
    // RFC 2231's continuations say a parameter in pieces, which not every reader puts together.
    if (parameters.has(key) || key.includes("*")) return undefined;
    parameters.set(key, plain ?? quoted.replaceAll(/\\(.)/g, "$1"));
  }
  return { essence: (first[1] ?? "").toLowerCase(), parameters };
}

/** How a body of a type is judged; `opaque` ones hold nothing that frameworks take for a request's own parameters. */
export type BodyForm = "json" | "jsonLines" | "form" | "multipart" | "opaque";

/** How a body of a type is judged. @param essence in lower case */
export function formOf(essence: string): BodyForm {
  // One JSON text a line, or after each record separator (RFC 7464).
  if (/^[^/]+\/(?:.*[-.+])?(?:ndjson|jsonl|jsonlines|json-lines|json-seq)$/.test(essence)) return "jsonLines";
  // `application/problem+json`, `text/x-json`, `application/jsonrequest`: whatever a framework may parse as JSON.
  if (/json/.test(essence)) return "json";
  if (/x-www-form-urlencoded|^application\/form/.test(essence)) return "form";
  return essence.startsWith("multipart/") ? "multipart" : "opaque";
}

/** Whether a type that an operation lists, wildcards included, may turn out to be one that is judged. */
export function mayBeJudged(listed: string): boolean {
  const [kind = "", sub = ""] = listed.toLowerCase().split("/");
  if (kind === "*" || kind.includes("*")) return true;
  if (sub.includes("*")) return ["application", "text", "multipart"].includes(kind);
  return formOf(`${kind}/${sub}`) !== "opaque";
}
