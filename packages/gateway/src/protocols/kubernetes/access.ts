import { type Access, type AccessGrant, bearerOf, type Endpoints, webAccess } from "../../gate/access.ts";
import { kubeconfigOf } from "./kubeconfig.ts";

/** The ways in for Kubernetes' clients: the cluster's URL, and a kubeconfig that names it. */
export function kubernetesAccess(grant: AccessGrant, endpoints: Endpoints): Access {
  const { url, ca } = endpoints;
  const bearer = bearerOf(grant);
  const kubeconfig = kubeconfigOf({
    gateway: url,
    connection: grant.connection,
    ...(ca === undefined ? {} : { ca }),
    ...(bearer === undefined ? {} : { bearer }),
  });
  return { ...webAccess("kubernetes", grant, endpoints), kubeconfig };
}
