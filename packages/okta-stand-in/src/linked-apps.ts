import type { Settings } from "./options.ts";

/** The apps through which people sign in to registered agents, as oidc-provider's clients. */
export function linkedApps(settings: Settings): Record<string, unknown>[] {
  return settings.registeredAgents.flatMap((agent) => {
    const app = agent.userAccess;
    if (app === undefined) return [];
    const isOwn = app.clientId === agent.clientId && app.clientSecret === undefined;
    return [
      {
        client_id: app.clientId,
        grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        response_types: ["code"],
        redirect_uris: app.redirectUris ?? ["http://127.0.0.1/callback"],
        application_type: "native",
        id_token_signed_response_alg: settings.algorithm,
        require_auth_time: true,
        ...(app.clientSecret === undefined
          ? isOwn
            ? { token_endpoint_auth_method: "private_key_jwt", jwks: { keys: agent.keys } }
            : { token_endpoint_auth_method: "none" }
          : { client_secret: app.clientSecret }),
      },
    ];
  });
}

/** Whether a person may sign in to a client: only the apps of agents have assignments. */
export function isAssigned(settings: Settings, clientId: string, login: string): boolean {
  const agent = settings.registeredAgents.find((one) => one.userAccess?.clientId === clientId);
  return agent?.userAccess?.people?.includes(login) ?? true;
}

/** Whether a client is a registered agent that is not active, or its app: they deactivate each other. */
export function isAppInactive(settings: Settings, clientId: string): boolean {
  const agent = settings.registeredAgents.find(
    (one) => one.clientId === clientId || one.userAccess?.clientId === clientId,
  );
  return agent !== undefined && agent.status !== "ACTIVE";
}
