import { judgeAct } from "../acts/judge.ts";
import { send, type Errand } from "../acts/web-request.ts";
import type { Answer } from "../acts/upstream.ts";
import type { Act, Case, Document } from "../case.ts";
import { clientCertificateCases, ownCertificate } from "../client-certificate.ts";
import { inScope, scopeOf, usual } from "../document.ts";
import { readAct } from "../../../packages/gateway/src/protocols/kubernetes/act.ts";

const at = (...member: (string | number)[]): (string | number)[] => [
  "connections",
  "prod",
  "kubernetes",
  ...member,
];
const plain = "http://127.0.0.1:{{port}}";
const secured = "https://127.0.0.1:{{port}}";
const token = { env: "TOKEN" };

/** Writes another target. */
const targetOf =
  (target: Document) =>
  (document: Document): void => {
    document.connections.prod.kubernetes = structuredClone(target);
  };

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web-1", namespace: "shop" },
  spec: { nodeName: "node-7" },
};
const ask = (more: Partial<Errand> = {}): Act =>
  send({
    connection: "prod",
    asks: [{ path: "/api/v1/namespaces/shop/pods/web-1" }],
    answer: answerPod,
    ...more,
  });
const answerPod: Answer = (_, response) => {
  response.setHeader("content-type", "application/json").end(JSON.stringify(pod));
};

/** Answers a request whose header is as it should be. */
const whoShows =
  (header: string, right: string): Answer =>
  (request, response, body) => {
    if (String(request.headers[header]) === right) void answerPod(request, response, body);
    else response.writeHead(403, { "content-type": "application/json" }).end('{"kind":"Status","code":403}');
  };
const forbidden = /^403 \|/;
const away = /^50\d \|/;

const target: readonly Case[] = [
  {
    at: at(),
    narrow: undefined,
    wide: { server: plain, token },
    refused: /^configuration \| this connection names no protocol/,
    act: ask(),
  },
  {
    at: at("server"),
    narrow: "http://127.0.0.1:1",
    wide: plain,
    refused: away,
    act: ask(),
    base: targetOf({ token }),
  },
  {
    at: at("ca"),
    narrow: "other-ca.pem",
    wide: "ca.pem",
    refused: away,
    act: ask({ speech: "tls" }),
    base: targetOf({ server: secured, token }),
  },
  {
    at: at("token"),
    narrow: { env: "WRONG" },
    wide: token,
    refused: forbidden,
    act: ask({ answer: whoShows("authorization", "Bearer cluster-token") }),
    base: targetOf({ server: plain }),
  },
  {
    at: at("client_certificate"),
    narrow: { certificate: "stranger.pem", key: { file: "stranger.key" } },
    wide: ownCertificate,
    refused: away,
    act: ask({ speech: "mutual" }),
    base: targetOf({ server: secured, ca: "ca.pem" }),
  },
  ...clientCertificateCases({
    at,
    targetOf,
    secured: { server: secured, ca: "ca.pem" },
    act: ask({ speech: "mutual" }),
    refused: away,
  }),
  {
    at: at("impersonate"),
    narrow: undefined,
    wide: { user: "mayfly:{agent}" },
    refused: forbidden,
    act: ask({ answer: whoShows("impersonate-user", "mayfly:support-bot") }),
    base: targetOf({ server: plain, token }),
  },
  {
    at: at("impersonate", "user"),
    narrow: "somebody",
    wide: "mayfly:{agent}",
    refused: forbidden,
    act: ask({ answer: whoShows("impersonate-user", "mayfly:support-bot") }),
    base: targetOf({ server: plain, token, impersonate: {} }),
  },
  {
    at: at("impersonate", "groups"),
    narrow: undefined,
    wide: ["agents"],
    refused: forbidden,
    act: ask({ answer: whoShows("impersonate-group", "agents") }),
    base: targetOf({ server: plain, token, impersonate: { user: "mayfly" } }),
  },
  {
    at: at("timeout"),
    narrow: "50ms",
    wide: "30s",
    refused: /^504 \|/,
    act: ask({
      answer: async (...call) => {
        // Past the shorter bound, and far from the longer one.
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return answerPod(...call);
      },
    }),
    base: targetOf({ server: plain, token }),
  },
];

const reachable = targetOf({ server: plain, token });

const scope: readonly Case[] = [
  {
    at: inScope("prod", "mask"),
    narrow: { pods: ["nodeName"] },
    wide: {},
    refused: /^nodeName: (?!node-7)/,
    passes: /^nodeName: node-7$/,
    act: ask({
      outcome: ({ text }) =>
        `nodeName: ${String((JSON.parse(text) as { spec?: { nodeName?: string } }).spec?.nodeName)}`,
    }),
    base: reachable,
  },
  {
    at: inScope("prod", "port_forward", "ports"),
    narrow: [8080],
    wide: [8080, 5432],
    refused: /^prod\/read: port_forward \| .*port 5432/,
    act: judgeAct(
      "prod",
      readAct({
        method: "POST",
        target: "/api/v1/namespaces/shop/pods/web-1/portforward",
        headers: [],
        body: { kind: "none" },
        upgrade: "websocket",
        pod: { uid: "1", labels: {} },
        port: 5432,
      }),
    ),
    base: scopeOf("prod", { port_forward: { namespaces: ["shop"], names: ["web-1"] } }),
  },
  {
    at: ["connections", "prod", "operations"],
    narrow: undefined,
    wide: usual().connections.prod.operations,
    refused: /^configuration \| operations is missing/,
    act: ask(),
    base: reachable,
  },
];

export const kubernetesEffects: readonly Case[] = [...target, ...scope];
