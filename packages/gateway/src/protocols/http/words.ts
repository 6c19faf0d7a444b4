import { describeSchema } from "../../gate/web/schema/describe-schema.ts";
import { formatSize } from "../../kernel/sizes.ts";
import type { HttpScope } from "./scope.ts";

/** A scope in words, one line a fact, for reviewers and listings. */
export function describeScope(scope: HttpScope): readonly string[] {
  const lines = [...scope.requests];
  const { query, body, response } = scope;
  if (Array.isArray(query))
    lines.push(query.length === 0 ? "no query parameters" : `query parameters: ${query.join(", ")}`);
  else if (query !== undefined)
    lines.push(
      `query parameters: ${Object.entries(query)
        .map(([name, pattern]) => `${name} like ${pattern}`)
        .join(", ")}`,
    );
  if (scope.headers.length > 0) lines.push(`further headers: ${scope.headers.join(", ")}`);
  if (body === undefined) lines.push("no body");
  else {
    const any = body.schema === undefined ? ", any content" : "";
    lines.push(`body: ${body.types.join(" or ")}, at most ${formatSize(body.max)}${any}`);
    // What it allows, and not where that is written: a reviewer decides on these lines.
    if (body.schema !== undefined)
      for (const line of describeSchema(body.schema.text()))
        lines.push(line.startsWith("/") ? `body ${line}` : `body: ${line}`);
  }
  if (response.mask.length > 0) lines.push(`masked in the answer: ${response.mask.join(", ")}`);
  if (response.drop_headers.length > 0)
    lines.push(`headers left out of the answer: ${response.drop_headers.join(", ")}`);
  if (response.max !== undefined) lines.push(`an answer has at most ${formatSize(response.max)}`);
  if (scope.budget !== undefined) lines.push(`at most ${scope.budget} requests in all`);
  if (scope.websocket) lines.push("a GET may become a WebSocket, whose messages are not judged");
  return lines;
}
