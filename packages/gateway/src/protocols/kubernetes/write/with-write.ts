import { INLINE_BODY_BYTES } from "../../../gate/bounds.ts";
import type { WebSession } from "../../../gate/gate.ts";
import type { WebExchange } from "../../../gate/web/handler.ts";
import type { Upstream } from "../../../gate/web/proxy/upstream.ts";
import type { KubernetesAct, KubernetesCover } from "../act.ts";
import { changedObject, type Named } from "../judge.ts";
import { readLive } from "./live.ts";
import { writeOf } from "./write.ts";

/** What is held for an object before it is known how large it is, bytes: most need less. */
const LIVE_BYTES = 262_144;

/** An act with what it makes of the object that it changes, where a scope lets it change that. */
export async function withWrite(
  { account, connection }: WebExchange,
  session: WebSession<KubernetesAct, KubernetesCover>,
  act: KubernetesAct,
  upstream: Upstream,
): Promise<KubernetesAct> {
  const request = changedObject(session.scopes as readonly Named[], act);
  if (request === undefined) return act;
  account.use("upstream", connection);
  account.hold(LIVE_BYTES);
  const [path = ""] = act.target.split("?");
  const live = await readLive(upstream, request, path, async (bytes) => {
    // The text, what is parsed of it, and the result.
    account.hold(Math.max(0, 3 * bytes - LIVE_BYTES));
    if (bytes > INLINE_BODY_BYTES) await account.heavy.run(account.key, () => undefined);
  });
  return { ...act, write: writeOf(act, request, live) };
}
