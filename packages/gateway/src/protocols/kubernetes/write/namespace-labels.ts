import { isDeepStrictEqual } from "node:util";
import { type Objection, neverGranted } from "../../../gate/hints.ts";
import { isObject, member } from "./objects.ts";

/** Labels of a namespace that say what its pods may do (Kubernetes: "Pod Security Admission"). */
export const POD_SECURITY_LABELS: readonly string[] = ["enforce", "audit", "warn"].flatMap((mode) => [
  `pod-security.kubernetes.io/${mode}`,
  `pod-security.kubernetes.io/${mode}-version`,
]);

/**
 * Labels and annotations of a namespace that say what its pods may do, where they run and as whom: Pod Security Admission's
 * labels, access to devices that others use (Kubernetes: "Dynamic Resource Allocation", admin access), OpenShift's security
 * context constraints and the level that is free of them, and the node selectors and tolerations of admission plugins.
 */
const ofTheOperator =
  /^(?:pod-security\.kubernetes\.io\/|resource\.(?:kubernetes|k8s)\.io\/admin-access$|security\.openshift\.io\/|openshift\.io\/(?:sa\.scc\.|node-selector$|run-level$)|scheduler\.alpha\.kubernetes\.io\/)/;

/** Whether a label or annotation of a namespace is the operator's to write. */
export function isOfTheOperator(name: string): boolean {
  return ofTheOperator.test(name);
}

function ofOperator(object: unknown, member_: "labels" | "annotations"): Record<string, unknown> {
  const written = member(member(object, "metadata"), member_);
  if (!isObject(written)) return {};
  return Object.fromEntries(Object.entries(written).filter(([name]) => isOfTheOperator(name)));
}

/** Why a write changes what a namespace's pods may do, or undefined: compared before and after, whatever the way there. */
export function judgeNamespaceLabels(before: unknown, after: unknown): Objection | undefined {
  for (const which of ["labels", "annotations"] as const)
    if (!isDeepStrictEqual(ofOperator(before, which), ofOperator(after, which)))
      return neverGranted(
        `what a namespace's pods may do is the operator's to say: its ${which} of Pod Security and its like stay as they are`,
      );
  return undefined;
}
