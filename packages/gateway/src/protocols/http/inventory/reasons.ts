import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import { secretMembers } from "./bodies.ts";
import type { Endpoint, SeenItem } from "./endpoints.ts";
import { formatSize } from "../../../kernel/sizes.ts";
import { MAX_JUDGED_BYTES } from "../scope.ts";
import { isDoor, isEntry, isInside, isNameLike, isPrefix, isWordLike } from "./words.ts";

/** Why nobody can be shown what would cover a request: it holds somebody's values. Undefined: it does not. */
export function valueIn({ parts }: Endpoint, { request }: SeenItem): string | undefined {
  if (parts.some((part) => part.kind === "word" && part.raw !== "" && !isWordLike(part.raw)))
    return "a segment of its path is a value that is like nothing that is known";
  if (parts.some((part) => part.kind === "listed" && !part.words.every((word) => isWordLike(word))))
    return "a segment of its path is a value that is like nothing that is known";
  if (!request.parameters.every(({ name }) => isNameLike(name)))
    return "a parameter of it has no name, or a value for one";
  return undefined;
}

/** Why a person should decide about a request first; undefined: nothing speaks against proposing it. */
export function reasonAgainst(
  { parts, documented, method }: Endpoint,
  { request }: SeenItem,
  isDocumented: boolean,
): string | undefined {
  const words = parts.flatMap((part) => (part.kind === "word" ? [decodeURIComponent(part.raw)] : []));
  const own = words.filter((word) => !isPrefix(word));
  const names = request.parameters.map(({ name }) => name);
  const reasons = [
    ...own
      .filter((word) => sensitivityOf(word) === "secret")
      .map((word) => `${word} in the path looks secret`),
    ...own.filter((word) => isInside(word)).map((word) => `${word} in the path is no everyday work`),
    ...own
      .filter((word) => isDoor(word))
      .map((word) => `what is done behind ${word} stands in parameters or a body`),
    ...own.filter((word) => isEntry(word)).map((word) => `behind ${word} somebody becomes somebody else`),
    ...(method === "OPTIONS" ? ["OPTIONS does no work: browsers ask it ahead of others"] : []),
    ...names
      .filter((name) => sensitivityOf(name) === "secret")
      .map((name) => `the parameter ${name} looks secret`),
    ...secretMembers(request.json).map((name) => `the member ${name} of its body looks secret`),
    ...(typeof request.body === "number" && request.body > MAX_JUDGED_BYTES
      ? [`its body is larger than ${formatSize(MAX_JUDGED_BYTES)}`]
      : []),
    ...(request.upgrade === undefined ? [] : ["what goes through a WebSocket is not judged"]),
    ...(isDocumented ? documentReasons(documented, method, request) : []),
    ...parts.flatMap((part) =>
      part.kind === "open" && part.pattern === ".+"
        ? ["what varies in its path is like nothing that is known"]
        : [],
    ),
  ];
  return reasons.length === 0 ? undefined : [...new Set(reasons)].join("; ");
}

function documentReasons(
  documented: Endpoint["documented"],
  method: string,
  { parameters, body, json }: SeenItem["request"],
): readonly string[] {
  if (documented === undefined) return ["--schema has no such request"];
  const { query = [], bodyTypes } = documented.operation;
  const unlisted = parameters.map(({ name }) => name).filter((name) => !query.includes(name));
  return [
    ...unlisted.map((name) => `--schema has no parameter ${name} there`),
    ...(body !== undefined && body !== 0 && bodyTypes === undefined && method !== "GET"
      ? ["--schema has no body there"]
      : []),
    ...(json !== undefined && documented.body?.takes(json) === false
      ? ["--schema has no such body there"]
      : []),
  ];
}
