import { formatSize } from "../../kernel/sizes.ts";
import { schemaInWords } from "../../gate/web/schema/schema-words.ts";
import { ANYTHING, type Bound, type Reach, type ReachPart } from "../../gate/reach.ts";
import type { HttpScope } from "./scope.ts";

/** What a scope lets through, part by part. */
export function reachOf({ requests, query, headers, body, response, budget, websocket }: HttpScope): Reach {
  const schema = body?.schema === undefined ? [] : schemaInWords(body.schema.text());
  const bytes = (most: number): Bound => ({ most, words: formatSize(most) });
  return {
    permits: [
      ...requests.map((request) => ["request", request]),
      ...queryOf(query),
      ...headers.map((name) => ["header", name.toLowerCase()]),
      ...(body?.types ?? []).map((type) => ["body", type, { meets: schema }]),
      ...(websocket ? [["WebSocket"]] : []),
    ],
    demands: [
      ...response.mask.map((pointer) => `the mask of ${pointer}`),
      ...response.drop_headers.map((name) => `the drop of header ${name}`),
    ],
    bounds: {
      body: bytes(body?.max ?? 0),
      ...(response.max === undefined ? {} : { answer: bytes(response.max) }),
      ...(budget === undefined ? {} : { budget: { most: budget, words: String(budget) } }),
    },
  };
}

/** Left out, it is whatever the client writes. */
function queryOf(query: HttpScope["query"]): readonly (readonly ReachPart[])[] {
  if (query === undefined) return [["query", ANYTHING]];
  if (Array.isArray(query)) return query.map((name) => ["query", name, ANYTHING]);
  return Object.entries(query).map(([name, pattern]) => ["query", name, `matching ${pattern}`]);
}
