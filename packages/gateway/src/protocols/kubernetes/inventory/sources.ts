import type { ActSource } from "../../../gate/inventory/seen.ts";
import { kubernetesAudit } from "./audit-log.ts";

/** The records of what was done in a cluster. */
export const kubernetesSources: readonly ActSource[] = [kubernetesAudit];
