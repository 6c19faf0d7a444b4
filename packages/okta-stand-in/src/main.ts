import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startOktaStandIn } from "./index.ts";
import { readOrg } from "./org-file.ts";
import type { Org } from "./org-file.ts";

// node src/main.ts [--config FILE.yaml] [--port N] [--saml-metadata FILE]: an org by itself, until it is interrupted.
const { values } = parseArgs({
  options: { config: { type: "string" }, port: { type: "string" }, "saml-metadata": { type: "string" } },
});
const small: Org = {
  options: {
    apiToken: "00stand-in",
    people: [
      { login: "alice@example.com", name: "Alice", groups: ["support-leads"] },
      { login: "bob@example.com", name: "Bob", groups: ["platform"] },
    ],
  },
  samlApps: [],
};
const { options, samlApps } = values.config === undefined ? small : readOrg(values.config);
const standIn = await startOktaStandIn({
  ...options,
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
});
for (const app of samlApps) standIn.saml.register(app);
const metadata = values["saml-metadata"];
if (metadata !== undefined) writeFileSync(metadata, standIn.saml.metadata());

const groups = new Map(
  [...(options.people ?? []), ...(options.agents ?? []), ...(options.registeredAgents ?? [])]
    .flatMap((one) => one.groups ?? [])
    .map((name) => [name, options.groupIds?.[name]]),
);
const lines = [
  "This stands in for an Okta org. It is not Okta, asks for no passwords, and listens on this machine alone.",
  `  org                   ${standIn.orgIssuer}`,
  `  authorization server  ${standIn.issuer}`,
  `  SAML metadata         ${standIn.saml.metadataUrl}`,
  ...(options.people ?? []).map(({ login, groups: of }) => `  person  ${login}  ${of.join(", ")}`),
  ...(options.agents ?? []).map(({ clientId, name = "" }) => `  service app  ${clientId}  ${name}`),
  ...(options.registeredAgents ?? []).map(({ clientId, name = "" }) => `  AI agent  ${clientId}  ${name}`),
  ...[...groups].map(([name, id]) => `  group  ${name}  ${id ?? ""}`),
  ...(options.apiToken === undefined
    ? ["It has no management API: the file gives no apiToken."]
    : [
        `Be its administrator, with Okta's own API and the header Authorization: SSWS ${options.apiToken}`,
        `  POST ${standIn.orgIssuer}/api/v1/users/LOGIN/lifecycle/deactivate   (activate, suspend, unsuspend)`,
        `  POST ${standIn.orgIssuer}/api/v1/apps/CLIENT_ID/lifecycle/deactivate`,
        `  POST ${standIn.orgIssuer}/workload-principals/api/v1/ai-agents/CLIENT_ID/lifecycle/deactivate`,
        `  PUT, DELETE ${standIn.orgIssuer}/api/v1/groups/GROUP_ID/users/LOGIN   (apps/CLIENT_ID/groups/GROUP_ID)`,
        `  POST ${standIn.orgIssuer}/api/v1/eventHooks, and its /ID/lifecycle/verify`,
        `  GET  ${standIn.orgIssuer}/api/v1/logs`,
      ]),
];
console.log(lines.join("\n"));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void standIn.close());
