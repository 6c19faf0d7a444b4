import { createHash } from "node:crypto";
import { commandLikeness } from "./commands.ts";
import { needOf } from "./need.ts";
import { readSeen } from "./seen-request.ts";

/** The longest likeness that is kept as it is, in characters. */
const MAX_KEPT = 500;

/** What stands for all requests that need the same of a scope. */
export function likenessOf(text: string): string {
  const need = needOf(text);
  const key =
    need.kind === "command"
      ? { ...need, argv: commandLikeness(need.argv) }
      : need.kind === "never"
        ? { ...need, about: aboutOf(text) }
        : need;
  const words = JSON.stringify(key);
  return words.length <= MAX_KEPT ? words : createHash("sha256").update(words).digest("base64");
}

/** What a request that is never granted is about, without what varies from one to the next. */
function aboutOf(text: string): readonly (string | undefined)[] {
  const { request, method } = readSeen(text).act;
  if ("why" in request || request.kind === "discovery") return [method];
  const { verb, group, resource, subresource, namespace } = request;
  return [verb, group, resource, subresource, namespace];
}
