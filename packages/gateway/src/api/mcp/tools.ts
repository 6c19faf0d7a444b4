import { httpRequest } from "./http.ts";
import { kubernetesExec } from "./kubernetes-exec.ts";
import { kubernetesGet, kubernetesLogs } from "./kubernetes.ts";
import { listOperations, myGrants, releaseAccess, requestAccess, waitForAccess } from "./requesting.ts";
import { runSql } from "./sql.ts";
import type { Tool } from "./tool.ts";

/** Every tool, in the order in which a client lists them. */
export const tools: readonly Tool[] = [
  listOperations,
  requestAccess,
  waitForAccess,
  releaseAccess,
  myGrants,
  runSql,
  httpRequest,
  kubernetesGet,
  kubernetesLogs,
  kubernetesExec,
];
