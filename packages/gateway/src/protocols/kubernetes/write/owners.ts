import { type Objection, notGranted } from "../../../gate/hints.ts";
import type { KubernetesScope } from "../scope.ts";
import { type JsonObject, member } from "./objects.ts";

/** Who owns an object, each as one text. */
function ownersOf(object: JsonObject): readonly string[] {
  const owners = member(member(object, "metadata"), "ownerReferences");
  if (!Array.isArray(owners)) return [];
  return owners.map((owner) =>
    JSON.stringify(["apiVersion", "kind", "name", "uid"].map((part) => member(owner, part))),
  );
}

/**
 * Why a change of an object's owners is refused, or undefined. The cluster deletes an object whose owner is not there, so
 * that to give it one is to delete it (Kubernetes: OwnerReferencesPermissionEnforcement). Who takes an owner away keeps it.
 */
export function judgeOwners(
  before: JsonObject | undefined,
  after: JsonObject,
  scope: KubernetesScope,
): Objection | undefined {
  if (before === undefined || scope.verbs?.includes("delete") === true) return undefined;
  const had = new Set(ownersOf(before));
  return ownersOf(after).every((owner) => had.has(owner))
    ? undefined
    : notGranted(
        "an object whose owner is not there is deleted: to give it an owner, delete has to be granted too",
      );
}
