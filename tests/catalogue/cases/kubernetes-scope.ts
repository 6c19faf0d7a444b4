import { judge } from "../acts/judge.ts";
import type { Case } from "../case.ts";
import { inScope, scopeOf } from "../document.ts";

type Row = readonly [
  member: readonly string[],
  narrow: unknown,
  wide: unknown,
  request: string,
  rule: RegExp,
  scope: object,
];

const verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const without = (verb: string): readonly string[] => verbs.filter((each) => each !== verb);
const pods = { resources: ["pods"], verbs, namespaces: ["shop"] };
const at = "/api/v1/namespaces/shop/pods";
const pod = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop"}}';
const withBody = (first: string, body: string, type = "application/json"): string =>
  `${first}\nContent-Type: ${type}\n\n${body}`;
const denied = (rule: string, words = ""): RegExp => new RegExp(`^prod/read: ${rule} \\|.*${words}`);

const exec = { namespaces: ["shop"], names: ["web-1"], commands: [["ls", "/var/log"]] };
const run = (query: string, name = "web-1", namespace = "shop"): string =>
  `POST /api/v1/namespaces/${namespace}/pods/${name}/exec?container=app&${query}command=ls&command=/var/log\nUpgrade: websocket\nPod-Labels: app=shop`;
const forward = { namespaces: ["shop"], names: ["web-1"], ports: [8080] };
const open = (name = "web-1", namespace = "shop"): string =>
  `POST /api/v1/namespaces/${namespace}/pods/${name}/portforward\nUpgrade: websocket\nPod-Labels: app=shop`;
const stdout = "stdout=true&";

const rows: readonly Row[] = [
  [
    ["resources"],
    ["pods"],
    ["pods", "configmaps"],
    "GET /api/v1/namespaces/shop/configmaps/a",
    denied("resources"),
    pods,
  ],
  [["verbs"], without("get"), verbs, `GET ${at}/web-1`, denied("verbs"), pods],
  [["verbs"], without("list"), verbs, `GET ${at}`, denied("verbs"), pods],
  [["verbs"], without("watch"), verbs, `GET ${at}?watch=true`, denied("verbs"), pods],
  [["verbs"], without("create"), verbs, withBody(`POST ${at}`, pod), denied("verbs"), pods],
  [["verbs"], without("update"), verbs, withBody(`PUT ${at}/web-1`, pod), denied("verbs"), pods],
  [
    ["verbs"],
    without("patch"),
    verbs,
    withBody(`PATCH ${at}/web-1`, '{"metadata":{"labels":{"a":"b"}}}', "application/merge-patch+json"),
    denied("verbs"),
    pods,
  ],
  [
    ["service_accounts"],
    undefined,
    ["web"],
    withBody(`POST ${at}`, pod.replace("}}", '},"spec":{"serviceAccountName":"web"}}')),
    denied("request", "web"),
    pods,
  ],
  [["verbs"], without("delete"), verbs, `DELETE ${at}/web-1`, denied("verbs"), pods],
  [["verbs"], without("deletecollection"), verbs, `DELETE ${at}`, denied("verbs"), pods],
  [["namespaces"], ["shop"], ["shop", "lab"], "GET /api/v1/namespaces/lab/pods", denied("namespaces"), pods],
  [["names"], ["web-1"], ["web-*"], `GET ${at}/web-2`, denied("names"), pods],
  [["cluster"], false, true, "GET /api/v1/pods", denied("namespaces"), pods],
  [["exec"], undefined, exec, run(stdout), denied("resources", "pods/exec"), pods],
  [
    ["exec", "namespaces"],
    ["shop"],
    ["shop", "lab"],
    run(stdout, "web-1", "lab"),
    denied("exec", "namespace"),
    { exec },
  ],
  [
    ["exec", "pods"],
    { app: "db" },
    { app: "shop" },
    run(stdout),
    denied("exec", "label"),
    { exec: { ...exec, names: undefined } },
  ],
  [["exec", "names"], ["web-1"], ["web-*"], run(stdout, "web-2"), denied("exec", "web-2"), { exec }],
  [["exec", "containers"], ["db"], ["app"], run(stdout), denied("exec", "container"), { exec }],
  [
    ["exec", "commands"],
    [["ls", "/tmp"]],
    [["ls", "/var/log"]],
    run(stdout),
    denied("exec", "command"),
    { exec },
  ],
  [["exec", "stdin"], false, true, run(`${stdout}stdin=true&`), denied("exec", "standard input"), { exec }],
  [["exec", "terminal"], false, true, run(`${stdout}tty=true&`), denied("exec", "terminal"), { exec }],
  [["port_forward"], undefined, forward, open(), denied("resources", "pods/portforward"), pods],
  [
    ["port_forward", "namespaces"],
    ["shop"],
    ["shop", "lab"],
    open("web-1", "lab"),
    denied("port_forward", "namespace"),
    { port_forward: forward },
  ],
  [
    ["port_forward", "pods"],
    { app: "db" },
    { app: "shop" },
    open(),
    denied("port_forward", "label"),
    { port_forward: { ...forward, names: undefined } },
  ],
  [
    ["port_forward", "names"],
    ["web-1"],
    ["web-*"],
    open("web-2"),
    denied("port_forward", "web-2"),
    { port_forward: forward },
  ],
];

export const kubernetesScope: readonly Case[] = rows.map(
  ([member, narrow, wide, request, refused, scope]) => ({
    at: inScope("prod", ...member),
    narrow,
    wide,
    refused,
    act: judge("prod", request),
    base: scopeOf("prod", scope),
  }),
);
