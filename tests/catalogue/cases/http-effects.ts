import type { IncomingMessage } from "node:http";
import { send, refusalOf, type Errand } from "../acts/web-request.ts";
import type { Answer } from "../acts/upstream.ts";
import { loads, type Act, type Case, type Document } from "../case.ts";
import { clientCertificateCases, ownCertificate } from "../client-certificate.ts";
import { inScope, usual } from "../document.ts";

const at = (...member: (string | number)[]): (string | number)[] => [
  "connections",
  "billing",
  "http",
  ...member,
];
const plain = "http://127.0.0.1:{{port}}";
const secured = "https://127.0.0.1:{{port}}";

/** Writes another target. */
const targetOf =
  (target: Document) =>
  (document: Document): void => {
    document.connections.billing.http = structuredClone(target);
  };

const asks = [{ path: "/v1/invoices/7" }];
const ask = (more: Partial<Errand> = {}): Act => send({ connection: "billing", asks, ...more });

/** Answers who shows the right credential, as `credential` reads it. */
const whoShows =
  (right: string, credential: (request: IncomingMessage) => string | undefined): Answer =>
  (request, response) => {
    response.statusCode = credential(request) === right ? 200 : 401;
    response.end("{}");
  };
const authorization = (request: IncomingMessage): string | undefined => request.headers.authorization;
const basic = `Basic ${Buffer.from("mayfly:correct").toString("base64")}`;
const refused = /^401 \|/;
const away = /^50\d \|/;

/** A token endpoint beside the API, which gives a token for the scope that the API wants. */
const withTokens: Answer = (request, response, body) => {
  if (request.url?.startsWith("/token") === true) {
    const scope = new URLSearchParams(body).get("scope") ?? "none";
    response.statusCode = authorization(request) === basic ? 200 : 401;
    response.end(JSON.stringify({ access_token: scope, token_type: "Bearer", expires_in: 600 }));
    return;
  }
  void whoShows("Bearer invoices", authorization)(request, response, body);
};
const oauth = {
  token_url: `${plain}/token`,
  client_id: "mayfly",
  client_secret: { env: "SECRET" },
  scope: "invoices",
};

const target: readonly Case[] = [
  {
    at: at(),
    narrow: undefined,
    wide: { url: plain },
    refused: /^configuration \| this connection names no protocol/,
    act: ask(),
  },
  {
    at: at("url"),
    narrow: `${plain}/elsewhere`,
    wide: plain,
    refused: /^404 \|/,
    act: ask({
      answer: (request, response) => {
        response.statusCode = request.url === "/v1/invoices/7" ? 200 : 404;
        response.end("{}");
      },
    }),
  },
  {
    at: at("headers"),
    narrow: undefined,
    wide: { authorization: { env: "AUTHORIZATION" } },
    refused,
    act: ask({ answer: whoShows("Bearer correct", authorization) }),
    base: targetOf({ url: plain }),
  },
  {
    at: at("headers", "x-tenant"),
    narrow: "wrong",
    wide: { env: "SECRET" },
    refused,
    act: ask({ answer: whoShows("correct", ({ headers }) => String(headers["x-tenant"])) }),
    base: targetOf({ url: plain }),
  },
  {
    at: at("basic"),
    narrow: undefined,
    wide: { user: "mayfly", password: { env: "SECRET" } },
    refused,
    act: ask({ answer: whoShows(basic, authorization) }),
    base: targetOf({ url: plain }),
  },
  {
    at: at("basic", "user"),
    narrow: "somebody",
    wide: "mayfly",
    refused,
    act: ask({ answer: whoShows(basic, authorization) }),
    base: targetOf({ url: plain, basic: { password: { env: "SECRET" } } }),
  },
  {
    at: at("basic", "password"),
    narrow: { env: "WRONG" },
    wide: { env: "SECRET" },
    refused,
    act: ask({ answer: whoShows(basic, authorization) }),
    base: targetOf({ url: plain, basic: { user: "mayfly" } }),
  },
  {
    at: at("oauth"),
    narrow: undefined,
    wide: oauth,
    refused,
    act: ask({ answer: withTokens }),
    base: targetOf({ url: plain }),
  },
  ...(
    [
      ["token_url", `${plain}/v1/elsewhere`, away],
      ["client_id", "somebody", away],
      ["client_secret", { env: "WRONG" }, away],
      ["scope", "orders", refused],
    ] as const
  ).map(([member, narrow, refusal]) => ({
    at: at("oauth", member),
    narrow,
    wide: oauth[member],
    refused: refusal,
    act: ask({ answer: withTokens }),
    base: targetOf({ url: plain, oauth }),
  })),
  {
    at: at("client_certificate"),
    narrow: undefined,
    wide: ownCertificate,
    refused: away,
    act: ask({ speech: "mutual" }),
    base: targetOf({ url: secured, ca: "ca.pem" }),
  },
  ...clientCertificateCases({
    at,
    targetOf,
    secured: { url: secured, ca: "ca.pem" },
    act: ask({ speech: "mutual" }),
    refused: away,
  }),
  {
    at: at("ca"),
    narrow: "other-ca.pem",
    wide: "ca.pem",
    refused: away,
    act: ask({ speech: "tls" }),
    base: targetOf({ url: secured }),
  },
  {
    at: at("http2"),
    narrow: false,
    wide: true,
    refused: away,
    act: ask({ speech: "http2" }),
    base: targetOf({ url: plain }),
  },
  {
    at: at("allow_plaintext"),
    narrow: false,
    wide: true,
    refused: /^configuration \| http:\/\/ sends the credential in the clear/,
    act: loads,
    base: targetOf({ url: "http://billing.internal" }),
  },
  {
    at: at("timeout"),
    narrow: "50ms",
    wide: "30s",
    refused: /^504 \|/,
    act: ask({
      answer: async (_, response) => {
        // Past the shorter bound, and far from the longer one.
        await new Promise((resolve) => setTimeout(resolve, 1000));
        response.end("{}");
      },
    }),
    base: targetOf({ url: plain }),
  },
  {
    at: at("cookies"),
    narrow: [],
    wide: ["session"],
    refused: /^no cookie came down$/,
    passes: /^session=1/,
    act: ask({
      answer: (_, response) => void response.setHeader("set-cookie", "session=1").end("{}"),
      outcome: ({ headers }) => headers["set-cookie"]?.join() ?? "no cookie came down",
    }),
    base: targetOf({ url: plain }),
  },
];

const json: Answer = (_, response) => {
  response.setHeader("content-type", "application/json").setHeader("x-build", "7");
  response.end('{"email":"pat@example.com"}');
};
const reachable = targetOf({ url: plain });

const scope: readonly Case[] = [
  {
    at: inScope("billing", "response", "mask"),
    narrow: ["/email"],
    wide: [],
    refused: /^\{"email":(?!"pat)/,
    passes: /^\{"email":"pat@example.com"\}$/,
    act: ask({ answer: json, outcome: ({ text }) => text }),
    base(document) {
      reachable(document);
      document.connections.billing.operations.read.query = [];
    },
  },
  {
    at: inScope("billing", "response", "drop_headers"),
    narrow: ["x-build"],
    wide: [],
    refused: /^x-build: none$/,
    passes: /^x-build: 7$/,
    act: ask({ answer: json, outcome: ({ headers }) => `x-build: ${String(headers["x-build"] ?? "none")}` }),
    base: reachable,
  },
  {
    at: inScope("billing", "response", "max"),
    narrow: "8B",
    wide: "1KiB",
    refused: /^5\d\d \|/,
    act: ask({ answer: json }),
    base: reachable,
  },
  {
    at: inScope("billing", "budget"),
    narrow: 1,
    wide: 2,
    refused: /^4\d\d \|.*billing\/read: budget/,
    act: ask({ answer: json, asks: [...asks, ...asks], outcome: refusalOf }),
    base: reachable,
  },
  {
    at: ["connections", "billing", "operations"],
    narrow: undefined,
    wide: usual().connections.billing.operations,
    refused: /^configuration \| operations is missing/,
    act: ask({ answer: json }),
    base: reachable,
  },
];

export const httpEffects: readonly Case[] = [...target, ...scope];
