import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";

/** Okta's scopes, each of which opens some of the calls. */
export const oktaScopes = {
  apps: "okta.apps.read",
  aiAgents: "okta.aiAgents.read",
  owners: "okta.governance.resourceOwner.read",
  groups: "okta.groups.read",
  logs: "okta.logs.read",
} as const;

/** Whether a scope was granted, directly or by a wider one. */
export function mayAsk({ scopes }: Pick<OktaApiSettings, "scopes">, scope: string): boolean {
  return scopes.some((one) => one === scope || one === scope.replace(/\.read$/, ".manage"));
}
