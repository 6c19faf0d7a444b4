import { createServer, type Server } from "node:http";
import { request as requestHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bearer, type Rig, startRig } from "./testing/rig.ts";

let cluster: Server;
let rig: Rig;
let asked: string | undefined;
let trace: readonly unknown[] = [];
let forced: { type: string; body: string } | undefined;

const value = "aHVudGVyMg==";
const secret = { kind: "Secret", metadata: { name: "a" }, data: { password: value } };

beforeAll(async () => {
  // Answers in whatever form is asked for, as an API server does.
  cluster = createServer((request, response) => {
    asked = request.headers.accept;
    trace = [request.headers["traceparent"], request.headers["tracestate"]];
    const as = /as=(\w+)/.exec(asked ?? "")?.[1];
    const type = forced?.type ?? /protobuf|cbor/.exec(asked ?? "")?.[0] ?? "application/json";
    const table = { kind: as, rows: [{ cells: ["a", value] }] };
    response.setHeader("content-type", type);
    response.end(
      forced?.body ?? JSON.stringify(as === undefined ? { kind: "SecretList", items: [secret] } : table),
    );
  });
  await new Promise<void>((resolve) => {
    cluster.listen(0, "127.0.0.1", resolve);
  });
  rig = await startRig(
    { url: `http://127.0.0.1:${(cluster.address() as AddressInfo).port}`, token: "only-the-gateway-knows" },
    {
      masked: {
        resources: ["secrets"],
        verbs: ["get", "list"],
        namespaces: ["shop"],
        mask: { secrets: ["data"] },
      },
      plain: { resources: ["pods"], verbs: ["get", "list"], namespaces: ["shop"] },
    },
  );
});
afterAll(async () => {
  await rig.close();
  cluster.close();
});

function get(
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = requestHttps(
      `${rig.url}${path}`,
      { ca: rig.ca, agent: false, headers: { authorization: `Bearer ${bearer}`, ...headers } },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (text: string) => (body += text));
        answer.once("end", () => resolve({ status: answer.statusCode ?? 0, body }));
      },
    );
    asking.once("error", reject).end();
  });
}

const secrets = "/api/v1/namespaces/shop/secrets";

it.each([
  "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
  "application/json;as=Table;g=meta.k8s.io;v=v1",
  "application/json; AS=Table; g=meta.k8s.io; v=v1",
  "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
  "application/vnd.kubernetes.protobuf,application/json",
  "application/cbor",
  "application/cbor;as=Table;g=meta.k8s.io;v=v1, application/json;q=0.1",
  "application/yaml",
])("with a mask an object comes as itself, whatever is asked for: %s", async (accept) => {
  const { status, body } = await get(secrets, { accept });
  expect(status).toBe(200);
  expect(asked).toBe("application/json");
  expect(JSON.parse(body)).toMatchObject({ items: [{ data: { password: "***" } }] });
  // Without one it comes as it is asked for.
  await get("/api/v1/namespaces/shop/pods", { accept });
  expect(asked).toBe(accept);
});

it.each([
  ["application/yaml", `data: {password: ${value}}`],
  ["application/vnd.kubernetes.protobuf", `k8s\0${value}`],
  ["application/cbor", value],
  ["application/json;stream=watch", JSON.stringify({ type: "ADDED", object: { cells: [value] } })],
  [
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    JSON.stringify({ kind: "Table", rows: [{ cells: [value] }] }),
  ],
  ["text/plain", JSON.stringify(value)],
])("an answer of another form does not come down: %s", async (type, body) => {
  forced = { type, body };
  try {
    const answer = await get(`${secrets}/a`);
    expect(answer.status).toBe(502);
    expect(answer.body).not.toContain(value);
  } finally {
    forced = undefined;
  }
});

it("a table that says it is none shows no cells", async () => {
  forced = {
    type: "application/json",
    body: JSON.stringify({ kind: "Table", rows: [{ cells: ["a", value] }] }),
  };
  try {
    const { status, body } = await get(`${secrets}/a`);
    expect(status).toBe(200);
    expect(body).not.toContain(value);
  } finally {
    forced = undefined;
  }
});

it("what is masked is not selected by", async () => {
  expect((await get(`${secrets}?fieldSelector=data.password%3D${value}`)).status).toBe(403);
  expect((await get(`${secrets}?fieldSelector=metadata.name%3Da`)).status).toBe(200);
});

it("tells the API server the act's span while traces are exported, else the client's own", async () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const mine = `00-${traceId}-00f067aa0ba902b7-01`;
  const other = `00-${"a".repeat(32)}-00f067aa0ba902b7-01`;
  const pods = "/api/v1/namespaces/shop/pods";
  await get(pods, { traceparent: other, tracestate: "vendor=1" });
  expect(trace).toEqual([other, "vendor=1"]);
  rig.world.state.traces = { of: () => ({ traceId, leaving: () => "the act's" }) };
  await get(pods, { traceparent: other, tracestate: "vendor=1" });
  expect(trace).toEqual(["the act's", undefined]);
  await get(pods, { traceparent: mine, tracestate: "vendor=1" });
  expect(trace).toEqual(["the act's", "vendor=1"]);
  rig.world.state.traces = undefined;
});
