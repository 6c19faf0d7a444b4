import * as z from "zod";
import { getAgent } from "./resources/agents.ts";
import { getBackground } from "./resources/background.ts";
import { approveRequest, refuseRequest, reviewRequest } from "./resources/approvals.ts";
import { listLogs } from "./resources/audit/logs.ts";
import { getAuditKey, getCheckpoint, searchRecords } from "./resources/audit/audit.ts";
import { exportRecords } from "./resources/audit/export.ts";
import { countActs } from "./resources/audit/histogram.ts";
import { getPayload } from "./resources/audit/payloads.ts";
import { retireLog } from "./resources/audit/retired.ts";
import { getProofs } from "./resources/audit/proofs.ts";
import { listConnections } from "./resources/connections.ts";
import { consoleEndpoints } from "./console/pages.ts";
import { getConfigurationSchema, getIncludedSchema } from "./resources/configuration-schema.ts";
import { getCa, getProtectedResource } from "./resources/discovery.ts";
import { type Endpoint, openEndpoint } from "./contract/endpoint.ts";
import {
  collectSecret,
  getGrant,
  listGrants,
  releaseGrant,
  renewLease,
  revokeGrant,
} from "./resources/grants.ts";
import { getHealthz, getMetrics, getReadyz } from "./resources/health.ts";
import { streamEvents } from "./resources/events/events.ts";
import { getLive, revokeGrants } from "./resources/live.ts";
import { getOverview } from "./resources/overview.ts";
import { getReach } from "./resources/reach.ts";
import { getInbox } from "./resources/inbox.ts";
import { getLockdown, liftLockdown, startLockdown } from "./resources/lockdown.ts";
import {
  getAuthorizationServer,
  getMcpAuthorizationServer,
  registerClient,
} from "./mcp/authorization-server.ts";
import { getMcpResource, postMcp } from "./mcp/endpoint.ts";
import { getMe } from "./resources/me.ts";
import { openApiDocument } from "./contract/openapi.ts";
import { listProbedHosts, offerProbe, reportProbe, startProbe } from "./resources/probes.ts";
import { listOperations } from "./resources/operations.ts";
import { createRequest, getRequest, listRequests, withdrawRequest } from "./resources/requests.ts";
import { endSession, endSessions, getSession, listSessions, signOut } from "./resources/sessions.ts";
import { globalTokenRevocation } from "./signals/global-token-revocation.ts";
import { securityEvent } from "./signals/ssf.ts";
import { takeEventHook, verifyEventHook } from "./signals/event-hook.ts";
import { slackInteraction } from "./resources/slack.ts";
import { listDeliveries, replayDelivery } from "./resources/webhooks.ts";
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
  getBackground,
  withdrawRequest,
  getInbox,
  approveRequest,
  refuseRequest,
  reviewRequest,
  getAgent,
  listGrants,
  getGrant,
  collectSecret,
  renewLease,
  releaseGrant,
  revokeGrant,
  revokeGrants,
  getLive,
  getOverview,
  streamEvents,
  getReach,
  listConnections,
  getLockdown,
  startLockdown,
  liftLockdown,
  offerProbe,
  startProbe,
  reportProbe,
  listProbedHosts,
  searchRecords,
  listLogs,
  retireLog,
  exportRecords,
  countActs,
  getProofs,
  getPayload,
  getCheckpoint,
  getAuditKey,
  listDeliveries,
  replayDelivery,
  globalTokenRevocation,
  securityEvent,
  slackInteraction,
  verifyEventHook,
  takeEventHook,
  beginOidc,
  finishOidc,
  backChannelLogout,
  beginSaml,
  finishSaml,
  getSamlMetadata,
  getCa,
  getConfigurationSchema,
  getIncludedSchema,
  getOpenApi,
  getProtectedResource,
  getMcpResource,
  getAuthorizationServer,
  getMcpAuthorizationServer,
  registerClient,
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
