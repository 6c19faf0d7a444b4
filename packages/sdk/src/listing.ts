import { query } from "./helpers.ts";
import type { Transport } from "./transport.ts";
import type { Request, Requests } from "./types.generated.ts";

/** The largest page of a list, which is also the default. */
const MAX_LISTED = 500;

/**
 * Lists requests up to the limit. A gateway looks at so many at a time: behind many that the caller may not see its answer
 * is short, or empty, and says where to go on.
 */
export async function listRequests(
  transport: Transport,
  filter: {
    readonly before?: string;
    readonly limit?: number;
    readonly [name: string]: string | number | boolean | undefined;
  },
): Promise<readonly Request[]> {
  const limit = filter.limit ?? MAX_LISTED;
  const found: Request[] = [];
  let asked = filter;
  for (;;) {
    const path = `/v1/requests${query({ ...asked })}`;
    const page = (await transport.send({ method: "GET", path })) as Requests;
    found.push(...page.requests);
    const next = page.next_before;
    if (next === undefined || next === asked.before || found.length >= limit) return found;
    asked = { ...filter, before: next, limit: limit - found.length };
  }
}
