import * as z from "zod";
import { loopbackRedirects, problemOfRedirect } from "../kernel/redirect-uris.ts";
import { text, texts } from "./fields.ts";
import { finding } from "./findings.ts";
import type { Finding } from "./findings.ts";

/** The public client of coding agents that know only the gateway's URL. */
export interface McpClientConfiguration {
  /** The client's authorization server: one of the agents' issuers. */
  readonly issuer: string;
  readonly clientId: string;
  /** Allowed redirect addresses: whole URIs, and loopback addresses with any port (`http://127.0.0.1:*`). */
  readonly redirectUris: readonly string[];
}

/** `identity.mcp_clients`, as written. */
export const mcpClients = z.strictObject({
  client_id: text.meta({ description: "The public client that an administrator made at the provider" }),
  issuer: text
    .optional()
    .meta({ description: "Which of the agents' issuers it signs in at; left out: the first" }),
  redirect_uris: texts(1)
    .default([...loopbackRedirects])
    .meta({ description: "Where clients may come back to; http://127.0.0.1:* is any port of this machine" }),
});

type Written = z.output<typeof mcpClients>;

const base = ["identity", "mcp_clients"];

/**
 * Checks it beyond what a schema can express.
 * @param issuers the agents' issuers
 * @param peopleClients the clients of people themselves
 */
export function mcpClientFindings(
  written: Written | undefined,
  issuers: readonly string[],
  peopleClients: readonly string[],
): Finding[] {
  if (written === undefined) return [];
  const findings: Finding[] = [];
  // Everybody gets this client, so its tokens must count as an agent's, never as a person's with roles.
  if (peopleClients.includes(written.client_id)) {
    findings.push(
      finding(
        "value",
        [...base, "client_id"],
        `the client ${written.client_id} is one that people themselves come through`,
        "make an app of its own for coding agents, and list it in identity.agents.directory",
      ),
    );
  }
  if (written.issuer !== undefined && !issuers.includes(written.issuer)) {
    const hint = `write one of them exactly: ${issuers.join(", ")}`;
    findings.push(finding("value", [...base, "issuer"], "no provider of agents has this issuer", hint));
  }
  for (const [index, uri] of written.redirect_uris.entries()) {
    const problem = problemOfRedirect(uri);
    if (problem === undefined) continue;
    const hint = "write a whole URI, or http://127.0.0.1:* for any port of the client's own machine";
    findings.push(finding("value", [...base, "redirect_uris", index], problem, hint));
  }
  return findings;
}

/** @param first the first of the agents' issuers */
export function completeMcpClients(
  written: Written | undefined,
  first: string,
): McpClientConfiguration | undefined {
  if (written === undefined) return undefined;
  return {
    issuer: written.issuer ?? first,
    clientId: written.client_id,
    redirectUris: written.redirect_uris,
  };
}
