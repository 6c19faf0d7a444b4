import type { KubernetesObject } from "./kinds.ts";

/** What `/scale` of a workload shows of it (autoscaling/v1, Scale). */
export function scaleOf({ metadata, spec }: KubernetesObject): KubernetesObject {
  const { labels: _, annotations: __, ...own } = metadata;
  return {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: own,
    spec: { replicas: (spec as { replicas?: number } | undefined)?.replicas ?? 1 },
    status: { replicas: 0 },
  };
}

/** The workload as a written scale wants it. */
export function scaled(workload: KubernetesObject, scale: KubernetesObject): KubernetesObject {
  const { replicas } = scale["spec"] as { replicas: number };
  return { ...workload, spec: { ...(workload["spec"] as object), replicas } };
}
