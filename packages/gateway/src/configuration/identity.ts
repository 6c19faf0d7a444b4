import type * as z from "zod";
import type { AgentProvider, IdentityConfiguration } from "./types.ts";
import { problemOfUrl } from "./fields.ts";
import { addAll, check, finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { isMapping } from "./mappings.ts";
import { completeMcpClients, mcpClientFindings } from "./mcp-clients.ts";
import { completeOktaApi, oktaApiFindings, systemLogFindings } from "./okta-api.ts";
import { parts } from "./schema.ts";
import type { Sources } from "./secrets.ts";
import { loadSecrets, problemOfCertificates } from "./secrets.ts";
import { completeSignals, signalFindings } from "./signals.ts";

type Written = z.output<typeof parts.identity>;
type WrittenProvider = Exclude<Written["agents"], readonly unknown[]>;

/**
 * Checks and completes `identity:`, and loads its secrets.
 * @param url the gateway's own URL, as written: sign-in returns to it
 */
export async function readIdentity(
  written: unknown,
  sources: Sources,
  url: unknown,
): Promise<{ identity: IdentityConfiguration | undefined; findings: Finding[] }> {
  const base = ["identity"];
  const findings = [...issuerFindings(written)];
  const result = check(parts.identity, written, base);
  if (!result.ok) return { identity: undefined, findings: [...findings, ...result.findings] };
  addAll(findings, await loadSecrets(result.output, base, sources));
  const list = Array.isArray(result.output.agents) ? result.output.agents : [result.output.agents];
  if (findings.length > 0) return { identity: undefined, findings };
  for (const [index, provider] of list.entries()) {
    const problem = provider.ca === undefined ? undefined : problemOfCertificates(provider.ca.text());
    const where = Array.isArray(result.output.agents) ? [...base, "agents", index] : [...base, "agents"];
    if (problem !== undefined) findings.push(finding("value", [...where, "ca"], problem));
    addAll(findings, oktaApiFindings(provider.groups_from, provider.okta_api, where));
  }
  const { people } = result.output;
  addAll(findings, peopleFindings(people));
  addAll(findings, sharedClientFindings(list, people));
  const { mcp_clients: shared } = result.output;
  const issuers = list.map(({ issuer }) => issuer);
  addAll(findings, peopleIssuerFindings(people.issuers, issuers));
  const peopleClients = [...people.clients, ...(people.oidc === undefined ? [] : [people.oidc.client_id])];
  addAll(findings, mcpClientFindings(shared, issuers, peopleClients));
  const mcpClients = completeMcpClients(shared, issuers[0] ?? "");
  const speaking = [...list, ...(people.oidc === undefined ? [] : [people.oidc])].map(
    ({ issuer, allow_insecure_loopback: insecureLoopback }) => ({ issuer, insecureLoopback }),
  );
  addAll(findings, signalFindings(result.output.signals, speaking));
  const signals = completeSignals(result.output.signals, speaking, people.oidc?.client_id);
  addAll(findings, systemLogFindings(signals, list));
  return {
    identity: {
      agents: list.map(complete),
      ...(mcpClients === undefined ? {} : { mcpClients }),
      ...(signals === undefined ? {} : { signals }),
      people: completePeople(
        people,
        (typeof url === "string" ? URL.parse(url)?.origin : undefined) ?? "",
        issuers,
      ),
      roles: result.output.roles,
    },
    findings,
  };
}

/**
 * Finds clients that are listed both as an agent's and as people's. An agent bound to an existing OIDC app shares that app's
 * client id: the app's ordinary sign-in would pass for a person with roles.
 */
function sharedClientFindings(agents: readonly WrittenProvider[], people: Written["people"]): Finding[] {
  const directory = new Set(agents.flatMap((provider) => Object.keys(provider.directory)));
  const base = ["identity", "people"];
  const problem = (client: string): string => `the client ${client} is an agent's in the directory`;
  const hint = "people sign in through a client of their own: list no client that an agent uses";
  const findings = people.clients.flatMap((client, index) =>
    directory.has(client) ? [finding("value", [...base, "clients", index], problem(client), hint)] : [],
  );
  const { oidc } = people;
  if (oidc !== undefined && directory.has(oidc.client_id))
    findings.push(finding("value", [...base, "oidc", "client_id"], problem(oidc.client_id), hint));
  return findings;
}

/** Checks how people sign in, beyond what a schema can express. */
function peopleFindings({ oidc, saml, sessions }: Written["people"]): Finding[] {
  const base = ["identity", "people"];
  const findings: Finding[] = [];
  if (oidc !== undefined) {
    const at = [...base, "oidc"];
    const problem = oidc.ca === undefined ? undefined : problemOfCertificates(oidc.ca.text());
    if (problem !== undefined) findings.push(finding("value", [...at, "ca"], problem));
    if (!oidc.scopes.includes("openid")) {
      const hint = "add openid";
      findings.push(finding("value", [...at, "scopes"], "without openid there is no sign-in", hint));
    }
    if (/[\s"\\]/.test(oidc.scopes.join(""))) {
      findings.push(finding("value", [...at, "scopes"], "a scope holds no spaces, quotes or backslashes"));
    }
  }
  if (saml !== undefined && !saml.metadata.text().includes("EntityDescriptor")) {
    const hint = "download it from the identity provider: Okta calls it Identity Provider metadata";
    findings.push(
      finding(
        "value",
        [...base, "saml", "metadata"],
        "the file holds no SAML metadata (EntityDescriptor)",
        hint,
      ),
    );
  }
  if (sessions.idle > sessions.absolute) {
    const hint = "make it shorter than absolute";
    findings.push(
      finding("value", [...base, "sessions", "idle"], "this is longer than a session lives at all", hint),
    );
  }
  return findings;
}

function peopleIssuerFindings(written: readonly string[] | undefined, issuers: readonly string[]): Finding[] {
  const hint = `write one of them exactly: ${issuers.join(", ")}`;
  return (written ?? []).flatMap((issuer, index) =>
    issuers.includes(issuer)
      ? []
      : [
          finding(
            "value",
            ["identity", "people", "issuers", index],
            "no provider of agents has this issuer",
            hint,
          ),
        ],
  );
}

/** The issuers on the first one's host: a provider on another host assigns client ids independently. */
function onFirstHost(issuers: readonly string[]): readonly string[] {
  const host = (issuer: string): string | undefined => URL.parse(issuer)?.origin;
  return issuers.filter((issuer) => host(issuer) === host(issuers[0] ?? ""));
}

function completePeople(
  written: Written["people"],
  url: string,
  issuers: readonly string[],
): IdentityConfiguration["people"] {
  const { oidc, saml, sessions } = written;
  const clients = new Set(written.clients);
  if (oidc !== undefined) clients.add(oidc.client_id);
  return {
    clients: [...clients],
    issuers: written.issuers ?? onFirstHost(issuers),
    ...(oidc === undefined
      ? {}
      : {
          oidc: {
            issuer: oidc.issuer,
            clientId: oidc.client_id,
            ...(oidc.client_secret === undefined ? {} : { clientSecret: oidc.client_secret }),
            groupsClaim: oidc.groups_claim,
            loginClaim: oidc.login_claim,
            scopes: oidc.scopes,
            algorithms: [...new Set(oidc.algorithms)],
            ...(oidc.ca === undefined ? {} : { ca: oidc.ca.text() }),
            allowInsecureLoopback: oidc.allow_insecure_loopback,
            label: oidc.label,
          },
        }),
    ...(saml === undefined
      ? {}
      : {
          saml: {
            metadata: saml.metadata.text(),
            entityId: saml.entity_id ?? `${url}/sign-in/saml/metadata`,
            groupsAttribute: saml.groups_attribute,
            ...(saml.login_attribute === undefined ? {} : { loginAttribute: saml.login_attribute }),
            ...(saml.id_attribute === undefined ? {} : { idAttribute: saml.id_attribute }),
            allowProviderInitiated: saml.allow_provider_initiated,
            clockSkew: saml.clock_skew,
            label: saml.label,
          },
        }),
    sessions,
    groupsMaxAge: written.groups_max_age,
  };
}

function complete(written: WrittenProvider): AgentProvider {
  const { introspection, reverify, ca } = written;
  const oktaApi = completeOktaApi(written.okta_api);
  return {
    issuer: written.issuer,
    audiences: written.audience,
    scopes: written.scopes,
    groupsClaim: written.groups_claim,
    algorithms: [...new Set(written.algorithms)],
    ...(written.groups_from === "okta" ? { groupsFrom: "okta" as const } : {}),
    ...(oktaApi === undefined ? {} : { oktaApi }),
    dpop: written.dpop,
    directory: new Map(
      Object.entries(written.directory).map(([client, { name, owner, groups }]) => [
        client,
        { name, groups, ...(owner === undefined ? {} : { owner }) },
      ]),
    ),
    outage: written.outage,
    ...(introspection === undefined
      ? {}
      : {
          introspection: {
            clientId: introspection.client_id,
            clientSecret: introspection.client_secret,
            every: introspection.every,
          },
        }),
    ...(reverify === undefined ? {} : { reverify }),
    ...(ca === undefined ? {} : { ca: ca.text() }),
    allowInsecureLoopback: written.allow_insecure_loopback,
  };
}

/** Checks issuers as written, so that another error beside them does not hide theirs. */
function issuerFindings(written: unknown): Finding[] {
  if (!isMapping(written)) return [];
  const findings: Finding[] = [];
  const { agents, people } = written;
  const providers: [(string | number)[], unknown][] = Array.isArray(agents)
    ? agents.map((provider: unknown, index) => [["identity", "agents", index], provider])
    : [[["identity", "agents"], agents]];
  const seen = new Set<string>();
  for (const [path, provider] of providers) {
    if (!isMapping(provider) || typeof provider["issuer"] !== "string" || provider["issuer"] === "") continue;
    const { issuer } = provider;
    const insecureLoopback = provider["allow_insecure_loopback"] === true;
    addAll(findings, urlFindings([...path, "issuer"], issuer, insecureLoopback));
    if (seen.has(issuer)) {
      findings.push(
        finding(
          "value",
          [...path, "issuer"],
          "this issuer stands twice in the list",
          "keep one provider for each issuer",
        ),
      );
    }
    seen.add(issuer);
  }
  if (isMapping(people) && isMapping(people["oidc"]) && typeof people["oidc"]["issuer"] === "string") {
    const insecureLoopback = people["oidc"]["allow_insecure_loopback"] === true;
    const { issuer } = people["oidc"];
    addAll(findings, urlFindings(["identity", "people", "oidc", "issuer"], issuer, insecureLoopback));
  }
  return findings;
}

function urlFindings(path: (string | number)[], url: string, insecureLoopback: boolean): Finding[] {
  const problem = problemOfUrl(url, { path: true, insecureLoopback });
  return problem === undefined ? [] : [finding("value", path, problem.message, problem.hint)];
}
