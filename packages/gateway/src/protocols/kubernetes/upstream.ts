import type { Credentials, UpstreamPlan } from "../../gate/web/proxy/upstream.ts";
import type { KubernetesTarget } from "./target.ts";

/** Whom a request is for, where the gateway acts as somebody. */
export interface Holder {
  readonly name: string;
  readonly grant: string;
  readonly person?: string;
}

/** How a cluster is reached. */
export function planOf(target: KubernetesTarget): UpstreamPlan {
  const { token, client_certificate: own, ca } = target;
  const credentials: Credentials = {
    headers: () => (token === undefined ? {} : { authorization: `Bearer ${token.reveal().trim()}` }),
  };
  return {
    url: target.server,
    http2: false,
    timeout: target.timeout,
    ...(ca === undefined ? {} : { ca: ca.text() }),
    ...(own === undefined
      ? {}
      : { certificate: { certificate: own.certificate.text(), key: own.key.reveal() } }),
    credentials,
  };
}

/**
 * The headers by which the gateway acts as the grant's holder (Kubernetes: user impersonation), as names and values in
 * turn: a header a group.
 * @throws TypeError when the user would have no name
 */
export function impersonation(target: KubernetesTarget, holder: Holder): readonly string[] {
  const { impersonate } = target;
  if (impersonate === undefined) return [];
  const fill = (text: string): string =>
    text
      // Functions: a name with a dollar sign is no pattern.
      .replaceAll("{grant}", () => holder.grant)
      .replaceAll("{agent}", () => holder.name)
      .replaceAll("{person}", () => holder.person ?? "")
      // A header's value is printable ASCII; names are the operator's and the provider's to choose.
      .replaceAll(/[^\x20-\x7e]/g, "?");
  const user = fill(impersonate.user);
  // An empty one would be taken for nobody acted as: for the gateway itself.
  if (user.trim() === "") throw new TypeError("there is nobody to act as");
  const headers = ["Impersonate-User", user];
  for (const group of impersonate.groups) headers.push("Impersonate-Group", fill(group));
  return headers;
}
