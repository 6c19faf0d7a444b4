import { pinOf } from "../../../packages/gateway/src/protocols/mcp/upstream/pins.ts";
import { send, type Errand } from "../acts/web-request.ts";
import { mcpServer, stdioServer, tool } from "../acts/mcp-server.ts";
import { loads, type Act, type Case, type Document } from "../case.ts";
import { inScope, usual } from "../document.ts";

const at = (...member: (string | number)[]): (string | number)[] => ["connections", "crm", "mcp", ...member];
const plain = "http://127.0.0.1:{{port}}/mcp";
const pins = { get_order: pinOf(tool) };

/** Writes another target. */
const targetOf =
  (target: Document) =>
  (document: Document): void => {
    document.connections.crm.mcp = structuredClone(target);
  };

const call = {
  path: "",
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
  body: JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "get_order", arguments: {} },
  }),
};
const ask = (more: Partial<Errand> = {}): Act =>
  send({
    connection: "crm",
    asks: [call],
    answer: mcpServer(),
    files: { "server.mjs": stdioServer },
    ...more,
  });
/** The gateway answers in MCP's own form: an error, or a result that is one. */
const failed = /^200 \|/;
const withKey = (key: string): boolean => key === "Bearer correct";
const program = ["{{node}}", "{{folder}}/server.mjs"];

const target: readonly Case[] = [
  {
    at: at(),
    narrow: undefined,
    wide: { url: plain, pins },
    refused: /^configuration \| this connection names no protocol/,
    act: ask(),
  },
  {
    at: at("url"),
    narrow: "http://127.0.0.1:1/mcp",
    wide: plain,
    refused: /^(?:200|50\d) \|/,
    act: ask(),
    base: targetOf({ pins }),
  },
  {
    at: at("headers"),
    narrow: undefined,
    wide: { authorization: { env: "AUTHORIZATION" } },
    refused: /^(?:200|50\d) \|/,
    act: ask({ answer: mcpServer(withKey) }),
    base: targetOf({ url: plain, pins }),
  },
  {
    at: at("headers", "x-tenant"),
    narrow: "wrong",
    wide: { env: "SECRET" },
    refused: /^(?:200|50\d) \|/,
    act: ask({
      answer: (request, response, body) => {
        if (request.headers["x-tenant"] === "correct") return mcpServer()(request, response, body);
        response.writeHead(401).end();
        return undefined;
      },
    }),
    base: targetOf({ url: plain, pins }),
  },
  {
    at: at("ca"),
    narrow: "other-ca.pem",
    wide: "ca.pem",
    refused: /^(?:200|50\d) \|/,
    act: ask({ speech: "tls" }),
    base: targetOf({ url: plain.replace("http:", "https:"), pins }),
  },
  {
    at: at("allow_plaintext"),
    narrow: false,
    wide: true,
    refused: /^configuration \| http:\/\/ sends the credential in the clear/,
    act: loads,
    base: targetOf({ url: "http://crm.internal/mcp" }),
  },
  {
    at: at("command"),
    narrow: ["{{node}}", "{{folder}}/absent.mjs"],
    wide: program,
    refused: /^(?:200|50\d) \|/,
    act: ask(),
    base: targetOf({ pins, env: { KEY: { env: "SECRET" } } }),
  },
  {
    at: at("env"),
    narrow: undefined,
    wide: { KEY: { env: "SECRET" } },
    refused: /^(?:200|50\d) \|/,
    act: ask(),
    base: targetOf({ pins, command: program }),
  },
  {
    at: at("env", "KEY"),
    narrow: "wrong",
    wide: { env: "SECRET" },
    refused: /^(?:200|50\d) \|/,
    act: ask(),
    base: targetOf({ pins, command: program }),
  },
  {
    at: at("pins"),
    narrow: { get_order: `sha256:${"0".repeat(64)}` },
    wide: pins,
    refused: /^200 \|.*crm\/read: pins/,
    act: ask(),
    base: targetOf({ url: plain }),
  },
  {
    at: at("timeout"),
    narrow: "1s",
    wide: "60s",
    refused: failed,
    act: ask({ answer: mcpServer(undefined, 3000) }),
    base: targetOf({ url: plain, pins }),
  },
];

const reachable = targetOf({ url: plain, pins });

const scope: readonly Case[] = [
  {
    at: inScope("crm", "budget"),
    narrow: 1,
    wide: 2,
    refused: /^\d+ \|.*crm\/read: budget/,
    act: ask({ asks: [call, call] }),
    base: reachable,
  },
  {
    at: ["connections", "crm", "operations"],
    narrow: undefined,
    wide: usual().connections.crm.operations,
    refused: /^configuration \| operations is missing/,
    act: ask(),
    base: reachable,
  },
];

export const mcpEffects: readonly Case[] = [...target, ...scope];
