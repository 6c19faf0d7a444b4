import { type Objection, neverGranted } from "../../../gate/hints.ts";
import { isObject, type JsonObject, member } from "./objects.ts";

/** Types of secrets that hold what somebody keeps there; of the others some are filled with credentials by the cluster. */
const plainTypes: ReadonlySet<string> = new Set([
  "Opaque",
  "kubernetes.io/basic-auth",
  "kubernetes.io/dockercfg",
  "kubernetes.io/dockerconfigjson",
  "kubernetes.io/ssh-auth",
  "kubernetes.io/tls",
]);
/** Annotations by which a secret asks for a service account's token (Kubernetes: "Service account token Secrets"). */
const tokenAnnotation = /^kubernetes\.io\/(?:service-account\.|enforce-mountable-secrets|legacy-token)/;

/** Why a secret as it results asks for a credential that it did not hold before, or undefined. */
export function judgeSecret(before: JsonObject | undefined, after: JsonObject): Objection | undefined {
  const type = member(after, "type");
  if (!isPlainType(type) && type !== member(before, "type"))
    return neverGranted("a secret of this type holds a credential that the cluster gives out");
  const had = member(member(before, "metadata"), "annotations");
  const annotations = member(member(after, "metadata"), "annotations");
  if (!isObject(annotations)) return undefined;
  for (const [name, value] of Object.entries(annotations))
    if (tokenAnnotation.test(name) && value !== member(had, name))
      return neverGranted("the secret asks for a service account's token");
  return undefined;
}

function isPlainType(value: unknown): boolean {
  if (typeof value !== "string") return value === null || value === undefined;
  const domain = value.split("/")[0] ?? "";
  return (
    value === "" ||
    plainTypes.has(value) ||
    (value.includes("/") && !/(?:^|\.)(?:kubernetes|k8s)\.io$/i.test(domain))
  );
}
