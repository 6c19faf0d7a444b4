import { sameHolder } from "../../grants/approvals/people.ts";
import type { Actor, Grants } from "../../grants/grants.ts";
import type { AccessRequest } from "../../grants/types.ts";
import { boundedMap } from "../../kernel/bounded-map.ts";
import type { Siblings } from "./siblings.ts";

/** Grants that all workers are known to have heard of. */
const MAX_TOLD = 10_000;

/**
 * Grants whose holder is told of them once every worker knows them: the client's next connection may come to any. The
 * store tells the others too, a moment later; a worker that does not answer in time hears of it then.
 */
export function grantsAmong<G extends Grants>(
  siblings: Siblings,
  grants: G,
  fault: (error: unknown) => void,
): G {
  const told = boundedMap<true>(MAX_TOLD);
  siblings.answer("grant", async (id) => {
    await grants.takeUp(String(id));
    return true;
  });

  const telling = new Map<string, Promise<void>>();

  async function tellNow(id: string): Promise<void> {
    const heard = await siblings.askAll("grant", id);
    if (heard.size === siblings.count - 1) told.set(id, true);
  }

  /** Whoever asks for it meanwhile waits for the same answers. */
  async function tell(id: string): Promise<void> {
    if (told.get(id) !== undefined) return;
    const going = telling.get(id) ?? tellNow(id).finally(() => telling.delete(id));
    telling.set(id, going);
    await going;
  }

  const withGrantTold = async (request: AccessRequest): Promise<AccessRequest> => {
    if (request.grant !== undefined) await tell(request.grant).catch(fault);
    return request;
  };
  /** Others than the holder cannot use it, and may read hundreds at once. */
  const withOwnTold = async (viewer: Actor, request: AccessRequest): Promise<AccessRequest> =>
    sameHolder(viewer, request.requester) ? withGrantTold(request) : request;

  const among: Pick<Grants, "request" | "approve" | "find" | "wait" | "collectSecret"> = {
    request: async (...asked) => withGrantTold(await grants.request(...asked)),
    approve: async (...given) => withGrantTold(await grants.approve(...given)),
    find: async (...asked) => withOwnTold(asked[0], await grants.find(...asked)),
    wait: async (...asked) => withOwnTold(asked[0], await grants.wait(...asked)),
    async collectSecret(...asked) {
      const secret = await grants.collectSecret(...asked);
      if (secret !== undefined) await tell(asked[1]).catch(fault);
      return secret;
    },
  };
  // Everything else, and what is read anew at every use, is as it was.
  return Object.assign(Object.create(grants) as G, among);
}
