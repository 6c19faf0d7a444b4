import type { Upstream } from "../../../gate/web/proxy/upstream.ts";
import type { PodFacts } from "../act.ts";

/**
 * What the cluster says of a pod now, asked on the gateway's own behalf.
 * @returns undefined when there is no such pod
 * @throws Error when the cluster does not answer
 */
export async function lookUpPod(
  { ask }: Pick<Upstream, "ask">,
  namespace: string,
  name: string,
): Promise<PodFacts | undefined> {
  const { status, text } = await ask(["api", "v1", "namespaces", namespace, "pods", name]);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`the cluster answered ${status}`);
  const { metadata } = JSON.parse(text) as { metadata?: { uid?: unknown; labels?: Record<string, unknown> } };
  if (typeof metadata?.uid !== "string" || metadata.uid === "") return undefined;
  const labels = Object.entries(metadata.labels ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return { uid: metadata.uid, labels: Object.fromEntries(labels) };
}
