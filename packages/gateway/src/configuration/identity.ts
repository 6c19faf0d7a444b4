import type * as z from "zod";
import type { AgentProvider, IdentityConfiguration } from "./types.ts";
import { problemOfUrl } from "./fields.ts";
import { addAll, check, finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { isMapping, without } from "./mappings.ts";
import { parts } from "./schema.ts";
import type { Sources } from "./secrets.ts";
import { loadSecrets, problemOfCertificates } from "./secrets.ts";

type Written = z.output<typeof parts.identity>;
type WrittenProvider = Exclude<Written["agents"], readonly unknown[]>;

/** Checks and completes `identity:`, its secrets loaded. */
export async function readIdentity(
  written: unknown,
  sources: Sources,
): Promise<{ identity: IdentityConfiguration | undefined; findings: Finding[] }> {
  const base = ["identity"];
  const findings = [...issuerFindings(written)];
  let enforceable = written;
  if (isMapping(written) && isMapping(written["people"]) && "saml" in written["people"]) {
    const hint = "people sign in through oidc, or come with tokens of identity.people.clients";
    findings.push(finding("key", [...base, "people", "saml"], "saml cannot be enforced yet", hint));
    enforceable = { ...written, people: without(written["people"], ["saml"]) };
  }
  const result = check(parts.identity, enforceable, base);
  if (!result.ok) return { identity: undefined, findings: [...findings, ...result.findings] };
  addAll(findings, await loadSecrets(result.output, base, sources));
  const list = Array.isArray(result.output.agents) ? result.output.agents : [result.output.agents];
  if (findings.length > 0) return { identity: undefined, findings };
  for (const [index, provider] of list.entries()) {
    const problem = provider.ca === undefined ? undefined : problemOfCertificates(provider.ca.text());
    const where = Array.isArray(result.output.agents) ? [...base, "agents", index] : [...base, "agents"];
    if (problem !== undefined) findings.push(finding("value", [...where, "ca"], problem));
  }
  const { clients, oidc } = result.output.people;
  const people = new Set(clients);
  if (oidc !== undefined) people.add(oidc.client_id);
  return {
    identity: { agents: list.map(complete), people: { clients: [...people] }, roles: result.output.roles },
    findings,
  };
}

function complete(written: WrittenProvider): AgentProvider {
  const { introspection, ca } = written;
  return {
    issuer: written.issuer,
    audience: written.audience,
    groupsClaim: written.groups_claim,
    algorithms: [...new Set(written.algorithms)],
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
    ...(ca === undefined ? {} : { ca: ca.text() }),
    allowInsecureLoopback: written.allow_insecure_loopback,
  };
}

/** Issuers are looked at as written, so that an error beside them does not hide theirs. */
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
    addAll(findings, urlFindings(["identity", "people", "oidc", "issuer"], people["oidc"]["issuer"], true));
  }
  return findings;
}

function urlFindings(path: (string | number)[], url: string, insecureLoopback: boolean): Finding[] {
  const problem = problemOfUrl(url, { path: true, insecureLoopback });
  return problem === undefined ? [] : [finding("value", path, problem.message, problem.hint)];
}
