import * as z from "zod";
import { approveRequest, refuseRequest } from "./approvals.ts";
import { getAuditKey, getCheckpoint, searchRecords } from "./audit.ts";
import { exportRecords } from "./audit-export.ts";
import { getProofs } from "./audit-proofs.ts";
import { listConnections } from "./connections.ts";
import { consoleEndpoints } from "./console.ts";
import { getCa, getProtectedResource } from "./discovery.ts";
import { type Endpoint, openEndpoint } from "./endpoint.ts";
import { collectSecret, getGrant, listGrants, releaseGrant, revokeGrant } from "./grants.ts";
import { getHealthz, getMetrics, getReadyz } from "./health.ts";
import { streamEvents } from "./events.ts";
import { getLive, revokeGrants } from "./live.ts";
import { getReach } from "./reach.ts";
import { getInbox } from "./inbox.ts";
import { getLockdown, liftLockdown, startLockdown } from "./lockdown.ts";
import { getMcpResource, postMcp } from "./mcp/endpoint.ts";
import { getMe } from "./me.ts";
import { openApiDocument } from "./openapi.ts";
import { listOperations } from "./operations.ts";
import { createRequest, getRequest, listRequests, withdrawRequest } from "./requests.ts";
import { endSession, endSessions, getSession, listSessions, signOut } from "./sessions.ts";
import { slackInteraction } from "./slack.ts";
import { listDeliveries, replayDelivery } from "./webhooks.ts";
import { getSignInMethods } from "./sign-in/methods.ts";
import { backChannelLogout, beginOidc, finishOidc } from "./sign-in/oidc.ts";
import { beginSaml, finishSaml, getSamlMetadata } from "./sign-in/saml.ts";

const getOpenApi = openEndpoint({
  id: "GET /openapi.json",
  operationId: "openapi",
  summary: "This document",
  answers: { 200: { description: "OpenAPI 3.1", schema: z.record(z.string(), z.unknown()) } },
  handle: () => ({ status: 200, body: document() }),
});

/** Every endpoint of the API, in the order of the document. */
export const endpoints: readonly Endpoint[] = [
  getMe,
  getSignInMethods,
  getSession,
  signOut,
  listSessions,
  endSession,
  endSessions,
  listOperations,
  createRequest,
  listRequests,
  getRequest,
  withdrawRequest,
  getInbox,
  approveRequest,
  refuseRequest,
  listGrants,
  getGrant,
  collectSecret,
  releaseGrant,
  revokeGrant,
  revokeGrants,
  getLive,
  streamEvents,
  getReach,
  listConnections,
  getLockdown,
  startLockdown,
  liftLockdown,
  searchRecords,
  exportRecords,
  getProofs,
  getCheckpoint,
  getAuditKey,
  listDeliveries,
  replayDelivery,
  slackInteraction,
  beginOidc,
  finishOidc,
  backChannelLogout,
  beginSaml,
  finishSaml,
  getSamlMetadata,
  getCa,
  getOpenApi,
  getProtectedResource,
  getMcpResource,
  postMcp,
  getHealthz,
  getReadyz,
  getMetrics,
  ...consoleEndpoints,
];

let made: Record<string, unknown> | undefined;

/** The OpenAPI document of the API; the same object every time. */
export function document(): Record<string, unknown> {
  made ??= openApiDocument(endpoints);
  return made;
}
