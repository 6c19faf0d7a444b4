import * as z from "zod";
import { placeOf } from "../../kernel/known-paths.ts";
import { resourceMetadataPath } from "../../gate/web/problem.ts";
import { valuesOf } from "../../gate/web/request-head.ts";
import { refuseForm } from "../../gate/web/mcp/form.ts";
import { readMessage } from "../../gate/web/mcp/message.ts";
import { protectedResource, resourceSchema } from "../resources/discovery.ts";
import { type EndpointResponse, type Call, endpoint, openEndpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";
import { answerMessage } from "./server.ts";

/** Where MCP clients look for the authorization server of `/mcp` (RFC 9728, section 3.1: the path is inserted). */
export const getMcpResource = openEndpoint({
  id: "GET /.well-known/oauth-protected-resource/mcp",
  operationId: "mcpProtectedResource",
  summary: "Which authorization servers issue tokens for the MCP endpoint (RFC 9728)",
  browser: true,
  answers: { 200: { description: "Metadata", schema: resourceSchema } },
  handle: ({ services }) => ({
    status: 200,
    body: protectedResource(services),
    headers: { "access-control-allow-origin": "*" },
  }),
});

/** Mayfly's own tools (MCP, Streamable HTTP without sessions). */
export const postMcp = endpoint({
  id: "POST /mcp",
  operationId: "mcp",
  summary: "Mayfly as an MCP server: one JSON-RPC message",
  browser: true,
  bearerOnly: resourceMetadataPath + "/mcp",
  bytes: true,
  body: z.instanceof(Buffer),
  answers: {
    200: { description: "An answer", schema: z.string(), mediaType: "application/json" },
    202: { description: "A notification was taken" },
    400: { description: "No message", schema: z.string(), mediaType: "application/json" },
    503: { description: "The gateway is stopping" },
  },
  async handle(call): Promise<EndpointResponse> {
    const { services, rawHeaders, credential, body, principal, verified, address, signal, startPoll } = call;
    await checkForm(call);
    const message = readMessage(body);
    if ("why" in message) {
      const error = { code: message.code, message: message.why };
      return { status: 400, body: JSON.stringify({ jsonrpc: "2.0", id: null, error }) };
    }
    if (credential === undefined) throw new Error("a bearer alone opens this endpoint");
    const [version] = valuesOf(rawHeaders, "mcp-protocol-version");
    const loan = services.identity.lend(credential.token, credential.shown);
    const { bearer } = loan;
    try {
      return await answerMessage(message, version, {
        services,
        principal,
        bearer,
        address,
        from: placeOf(address, verified.key),
        signal,
        startPoll,
      });
    } finally {
      loan.end();
    }
  },
});

/** @throws ApiProblem for what no MCP client sends, and what a page that found its way here would */
async function checkForm({ services, rawHeaders }: Call): Promise<void> {
  const hosts = [...valuesOf(rawHeaders, "host"), ...valuesOf(rawHeaders, ":authority")];
  const { host } = new URL(services.url);
  if (hosts.length === 0 || hosts.some((each) => each.toLowerCase() !== host.toLowerCase()))
    throw new ApiProblem(
      "host_mismatch",
      421,
      "the request names another host than this gateway's",
      `the gateway is ${services.url}`,
    );
  const refused = await refuseForm({ method: "POST", rawHeaders }, services.url);
  if (refused === undefined) return;
  const { code, detail } = JSON.parse(refused.body) as { readonly code: string; readonly detail: string };
  throw new ApiProblem(code, refused.status, detail, "see docs/mcp.md");
}
