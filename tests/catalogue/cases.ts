import type { Case } from "./case.ts";
import { checkpointCases } from "./cases/checkpoints.ts";
import { exportCases } from "./cases/export.ts";
import { httpEffects } from "./cases/http-effects.ts";
import { httpScope } from "./cases/http-scope.ts";
import { identityCases } from "./cases/identity.ts";
import { kubernetesEffects } from "./cases/kubernetes-effects.ts";
import { kubernetesScope } from "./cases/kubernetes-scope.ts";
import { logRoom } from "./cases/log-room.ts";
import { mcpEffects } from "./cases/mcp-effects.ts";
import { mcpScope } from "./cases/mcp-scope.ts";
import { notificationCases } from "./cases/notifications.ts";
import { observeCases } from "./cases/observe.ts";
import { oktaApiCases } from "./cases/okta-api.ts";
import { policyCases } from "./cases/policies.ts";
import { postgresMembers } from "./cases/postgres-members.ts";
import { postgresScope } from "./cases/postgres-scope.ts";
import { postgresTarget } from "./cases/postgres-target.ts";
import { serverCases } from "./cases/server.ts";
import { signInCases } from "./cases/sign-in.ts";
import { telemetryCases } from "./cases/telemetry.ts";
import { signalCases } from "./cases/signals.ts";

/** All cases: a file for each part of the configuration. */
export const cases: readonly Case[] = [
  ...postgresScope,
  ...postgresMembers,
  ...httpScope,
  ...httpEffects,
  ...kubernetesScope,
  ...kubernetesEffects,
  ...mcpScope,
  ...mcpEffects,
  ...policyCases,
  ...postgresTarget,
  ...notificationCases,
  ...identityCases,
  ...signInCases,
  ...signalCases,
  ...observeCases,
  ...oktaApiCases,
  ...serverCases,
  ...logRoom,
  ...exportCases,
  ...checkpointCases,
  ...telemetryCases,
];
