import type { Upstream } from "../../gate/web/upstream.ts";
import type { PodFacts } from "./act.ts";

const longest = 4_194_304;
const timeout = 10_000;

/**
 * What the cluster says of a pod now, asked with the gateway's own credential.
 * @returns undefined when there is no such pod
 * @throws Error when the cluster does not answer
 */
export async function podFacts(
  upstream: Upstream,
  namespace: string,
  name: string,
): Promise<PodFacts | undefined> {
  const own = await upstream.credentials.headers();
  const answer = await upstream.pool.request({
    path: `${upstream.base}/api/v1/namespaces/${namespace}/pods/${name}`,
    method: "GET",
    headers: { accept: "application/json", ...own },
    signal: AbortSignal.timeout(timeout),
  });
  let text = "";
  for await (const chunk of answer.body) {
    text += String(chunk);
    if (text.length > longest) throw new Error("the pod is larger than it may be");
  }
  if (answer.statusCode === 404) return undefined;
  if (answer.statusCode !== 200) throw new Error(`the cluster answered ${answer.statusCode}`);
  const { metadata } = JSON.parse(text) as { metadata?: { uid?: unknown; labels?: Record<string, unknown> } };
  if (typeof metadata?.uid !== "string" || metadata.uid === "") return undefined;
  const labels = Object.entries(metadata.labels ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return { uid: metadata.uid, labels: Object.fromEntries(labels) };
}
