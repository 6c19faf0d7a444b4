import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { request as requestHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bearer, type Rig, startRig } from "../testing/rig.ts";

// What leaves for the cluster when an object is changed, and what the gateway asks before.

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly type: string | undefined;
  readonly body: string;
}

let cluster: Server;
let rig: Rig;
let asked: Asked[] = [];
/** Answers a GET, and what is sent. */
let look: (response: ServerResponse) => void;
let take: (response: ServerResponse, asked: Asked) => void;

const path = "/apis/apps/v1/namespaces/shop/deployments/web";
const deployment = (version: string, spec: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop", resourceVersion: version, annotations: { a: "1" } },
  spec: {
    replicas: 1,
    template: { metadata: {}, spec: { containers: [{ name: "app", image: "web:1" }], ...spec } },
  },
});
const json = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
};
const conflict = { kind: "Status", status: "Failure", reason: "Conflict", code: 409 };

beforeAll(async () => {
  cluster = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = {
        method,
        path: url,
        type: headers["content-type"],
        body: Buffer.concat(chunks).toString(),
      };
      asked.push(one);
      if (method === "GET") look(response);
      else take(response, one);
    });
  });
  await new Promise<void>((resolve) => {
    cluster.listen(0, "127.0.0.1", resolve);
  });
});
afterAll(async () => {
  await rig.close();
  cluster.close();
});
beforeEach(async () => {
  await rig?.close();
  asked = [];
  look = (response) => json(response, 200, deployment("7"));
  take = (response) => json(response, 200, deployment("8"));
  rig = await startRig(
    { url: `http://127.0.0.1:${(cluster.address() as AddressInfo).port}`, token: "only-the-gateway-knows" },
    {
      work: {
        resources: ["deployments.apps", "deployments.apps/scale"],
        verbs: ["get", "create", "update", "patch"],
        namespaces: ["shop"],
        names: ["web", "api-*"],
      },
      masked: {
        resources: ["jobs.batch"],
        verbs: ["get", "update", "patch"],
        namespaces: ["shop"],
        mask: { jobs: ["env"] },
      },
      machines: {
        resources: ["machines.example.com/restart", "machines.example.com"],
        verbs: ["update", "patch"],
        namespaces: ["shop"],
      },
    },
  );
});

const types = {
  merge: "application/merge-patch+json",
  steps: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
  whole: "application/json",
  untyped: undefined,
} as const;

function send(
  how: keyof typeof types,
  body: unknown,
  target = path,
): Promise<{ status: number; body: string; warning: unknown }> {
  const bytes = typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asking = requestHttps(
      `${rig.url}${target}`,
      {
        ca: rig.ca,
        agent: false,
        method: how === "whole" || how === "untyped" ? "PUT" : "PATCH",
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(how === "untyped" ? {} : { "content-type": types[how] }),
        },
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        answer.once("end", () =>
          resolve({ status: answer.statusCode ?? 0, body: text, warning: answer.headers["warning"] }),
        );
      },
    );
    asking.once("error", reject).end(bytes);
  });
}

const sent = (): readonly Asked[] => asked.filter(({ method }) => method !== "GET");
const privileged = { securityContext: { privileged: true } };
const hidden = { containers: [{ name: "app", image: "web:1", ...privileged }] };

describe("a change", () => {
  it.each<[keyof typeof types, unknown]>([
    ["merge", { spec: { replicas: 2 } }],
    ["strategic", { spec: { replicas: 2 } }],
    ["steps", [{ op: "replace", path: "/spec/replicas", value: 2 }]],
    [
      "steps",
      [
        { op: "test", path: "/metadata/resourceVersion", value: "7" },
        { op: "add", path: "/spec/replicas", value: 2 },
      ],
    ],
  ])("leaves as what makes its result of the version that was judged: %s %j", async (how, body) => {
    expect((await send(how, body)).status).toBe(200);
    expect(asked.map(({ method, path: at }) => [method, at])).toEqual([
      ["GET", path],
      ["PATCH", path],
    ]);
    const [patch] = sent();
    expect(patch?.type).toBe("application/merge-patch+json");
    expect(JSON.parse(patch?.body ?? "")).toEqual({
      metadata: { resourceVersion: "7" },
      spec: { replicas: 2 },
    });
    const [intent] = rig.records("act.intent");
    const result = deployment("7");
    result.spec.replicas = 2;
    const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
    expect(intent?.["act"]).toMatchObject({
      body: { bytes: JSON.stringify(body).length },
      result: { of_version: "7", sha256: sha256(JSON.stringify(result)) },
      sent: { type: "application/merge-patch+json", sha256: sha256(patch?.body ?? "") },
    });
  });

  it("that brings in by steps what it never writes is refused, and nothing leaves", async () => {
    const value = [{ name: "root", hostPath: { path: "/" } }];
    const steps = (op: string): object[] => [
      { op: "add", path: "/metadata/annotations/x", value },
      { op, from: "/metadata/annotations/x", path: "/spec/template/spec/volumes" },
    ];
    for (const op of ["move", "copy"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const answer = await send("steps", steps(op));
      expect(answer.status).toBe(403);
      expect(answer.body).toContain("hostPath");
    }
    expect(sent()).toEqual([]);
  });

  it("is judged again when its object has changed meanwhile, as it is then", async () => {
    take = (response) => {
      look = (answer) => json(answer, 200, deployment("8", hidden));
      json(response, 409, conflict);
    };
    const answer = await send("strategic", {
      spec: { template: { spec: { containers: [{ name: "app", image: "mine:1" }] } } },
    });
    expect(answer.status).toBe(403);
    expect(answer.body).toContain("privileged");
    expect(sent()).toHaveLength(1);
    expect(rig.records("act.outcome")[0]).toMatchObject({ status: 409, error: "conflict" });
  });

  it("is tried four times, and then the cluster's conflict is told", async () => {
    let version = 7;
    take = (response) => {
      version += 1;
      look = (answer) => json(answer, 200, deployment(String(version)));
      json(response, 409, conflict);
    };
    const answer = await send("merge", { spec: { replicas: 2 } });
    expect(answer.status).toBe(409);
    expect(JSON.parse(answer.body)).toEqual(conflict);
    expect(asked.map(({ method }) => method)).toEqual(
      Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? "GET" : "PATCH")),
    );
    expect(rig.records("act.intent")).toHaveLength(4);
    await expect.poll(() => rig.records("act.outcome").length).toBe(4);
  });

  it("that meets another conflict, as an apply over what somebody else manages, is told it", async () => {
    take = (response) => json(response, 409, conflict);
    const body = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } };
    const answer = await send("apply", body, `${path}?fieldManager=x`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([409, conflict]);
    expect(sent()).toHaveLength(2);
  });

  it("of a version that its client names is not tried again", async () => {
    take = (response) => json(response, 409, conflict);
    expect((await send("merge", { metadata: { resourceVersion: "7" }, spec: {} })).status).toBe(409);
    expect(sent()).toHaveLength(1);
  });

  it.each<[keyof typeof types, unknown]>([
    ["merge", { metadata: { resourceVersion: "9" }, spec: { replicas: 2 } }],
    ["whole", deployment("9")],
    ["apply", { ...deployment("9") }],
    ["steps", [{ op: "test", path: "/metadata/resourceVersion", value: "9" }]],
  ])("of a version that is not there is told so, and nothing leaves: %s", async (how, body) => {
    expect((await send(how, body)).status).toBe(how === "steps" ? 422 : 409);
    expect(sent()).toEqual([]);
  });

  it("of the whole object goes as it came where it names the version, and else bound to it", async () => {
    const named = ` ${JSON.stringify(deployment("7"))}`;
    await send("whole", named);
    const { resourceVersion: _, ...metadata } = deployment("7").metadata;
    await send("whole", { ...deployment("7"), metadata });
    expect(sent().map(({ type }) => type)).toEqual(["application/json", "application/json"]);
    expect(sent()[0]?.body).toBe(named);
    expect(JSON.parse(sent()[1]?.body ?? "")).toEqual(deployment("7"));
  });

  it("by a server-side apply is bound to the version too", async () => {
    const { resourceVersion: _, ...metadata } = deployment("7").metadata;
    const body = { ...deployment("7"), metadata };
    expect((await send("apply", body, `${path}?fieldManager=x`)).status).toBe(200);
    expect(sent()[0]?.type).toBe("application/apply-patch+yaml");
    expect(JSON.parse(sent()[0]?.body ?? "")).toEqual(deployment("7"));
  });

  it.each([
    [200, "7"],
    [404, undefined],
  ])("by a server-side apply says the same as YAML: %i", async (status, version) => {
    look = (response) => json(response, status, status === 200 ? deployment("7") : {});
    const note = "a \u0085 b \u2028 c \u2029 d\ud83d\ude00";
    const body = ` {"apiVersion":"apps/v1","kind":"Deployment","metadata":\t{"name":"web","annotations":{"note":"${note}"}}}`;
    await send("apply", body, `${path}?fieldManager=x`);
    const text = sent()[0]?.body ?? "";
    expect(text).toContain("a \\u0085 b \\u2028 c \\u2029 d\ud83d\ude00");
    expect(text).not.toMatch(/[\t\u0085\u2028\u2029]/);
    const { metadata } = JSON.parse(text) as { metadata: object };
    expect(metadata).toEqual({
      name: "web",
      annotations: { note },
      ...(version === undefined ? {} : { resourceVersion: version }),
    });
  });

  it("by a server-side apply is judged again too when its object has changed meanwhile", async () => {
    take = (response) => {
      look = (answer) => json(answer, 200, deployment("8", hidden));
      json(response, 409, conflict);
    };
    const body = { ...deployment("7"), metadata: { name: "web" } };
    const answer = await send("apply", body, `${path}?fieldManager=x`);
    expect([answer.status, sent().length]).toEqual([403, 1]);
    expect(answer.body).toContain("privileged");
  });

  it.each([
    [201, undefined],
    [200, "object_appeared"],
  ])(
    "by an apply to what is not there is recorded, also where it was there all the same: %i",
    async (status, error) => {
      look = (response) => json(response, 404, {});
      take = (response) => json(response, status, deployment("8"));
      const body = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } };
      expect((await send("apply", body, `${path}?fieldManager=x`)).status).toBe(status);
      expect(sent()[0]?.body).toBe(JSON.stringify(body));
      await expect.poll(() => rig.records("act.outcome").length).toBe(1);
      expect(rig.records("act.outcome")[0]?.["error"]).toBe(error);
    },
  );

  it("of how many there are passes, whatever the pods are", async () => {
    const scale = {
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: { name: "web", namespace: "shop", resourceVersion: "7" },
      spec: { replicas: 1 },
    };
    look = (response) => json(response, 200, scale);
    expect((await send("merge", { spec: { replicas: 3 } }, `${path}/scale`)).status).toBe(200);
    expect(asked[0]?.path).toBe(`${path}/scale`);
    expect(JSON.parse(sent()[0]?.body ?? "")).toMatchObject({ spec: { replicas: 3 } });
  });
});

describe("what is done to an object by a PUT of its own", () => {
  const machine = "/apis/example.com/v1/namespaces/shop/machines/a";
  it.each([404, 405])("goes as it came where it cannot be read: %i", async (status) => {
    look = (response) => json(response, status, {});
    expect((await send("whole", { force: true }, `${machine}/restart`)).status).toBe(200);
    expect(sent()[0]?.body).toBe('{"force":true}');
    expect((await send("whole", { hostNetwork: true }, `${machine}/restart`)).status).toBe(403);
    expect((await send("whole", { spec: {} }, machine)).status).toBe(status === 404 ? 404 : 503);
    expect(sent()).toHaveLength(1);
  });

  it("is judged and sent as JSON where its type is not said", async () => {
    look = (response) => json(response, 404, {});
    expect((await send("untyped", { force: true }, `${machine}/restart`)).status).toBe(200);
    expect(sent()[0]).toMatchObject({ type: "application/json", body: '{"force":true}' });
    expect((await send("untyped", { hostNetwork: true }, `${machine}/restart`)).status).toBe(403);
    expect((await send("untyped", "force: true", `${machine}/restart`)).status).toBe(403);
    expect(sent()).toHaveLength(1);
  });
});

describe("a refusal of the cluster's", () => {
  const job = "/apis/batch/v1/namespaces/shop/jobs/web";
  const live = { ...deployment("7"), apiVersion: "batch/v1", kind: "Job" };
  const words = 'spec.template: Invalid value: {"env":[{"name":"DB","value":"hunter2"}]}: field is immutable';
  const said = (code: number, reason: string) => ({
    kind: "Status",
    message: words,
    reason,
    details: {
      name: "web",
      causes: [{ reason: "FieldValueInvalid", message: words, field: "spec.template" }],
    },
    code,
  });

  it("does not quote what is masked", async () => {
    look = (response) => json(response, 200, live);
    for (const [code, reason] of [
      [422, "Invalid"],
      [403, "Forbidden"],
      [400, "BadRequest"],
      [500, "InternalError"],
    ] as const) {
      take = (response) => json(response, code, said(code, reason));
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const answer = await send("merge", { spec: { template: { metadata: { labels: { x: "1" } } } } }, job);
      expect(answer.status).toBe(code);
      expect(answer.body).not.toContain("hunter2");
      expect(JSON.parse(answer.body)).toMatchObject({
        reason,
        details: { name: "web", causes: [{ field: "spec.template" }] },
      });
    }
  });

  it("and its warnings do not either", async () => {
    look = (response) => json(response, 200, live);
    take = (response) => {
      response.setHeader("warning", `299 - "${words.replaceAll('"', "'")}"`);
      json(response, 200, live);
    };
    const change = { metadata: { labels: { x: "1" } } };
    expect((await send("merge", change, job)).warning).toBeUndefined();
    look = (response) => json(response, 200, deployment("7"));
    expect((await send("merge", change)).warning).toContain("hunter2");
  });

  it("is told in its words where nothing is masked, or it is about names alone", async () => {
    take = (response) => json(response, 422, said(422, "Invalid"));
    expect((await send("merge", { spec: { replicas: 2 } })).body).toContain("field is immutable");
    look = (response) => json(response, 200, live);
    take = (response) => json(response, 404, { kind: "Status", message: 'jobs "web" not found' });
    expect((await send("merge", { spec: { suspend: true } }, job)).body).toContain("not found");
  });
});

describe("the object", () => {
  it.each([
    ["in another namespace", path.replace("shop", "kube-system")],
    ["of another name", path.replace("web", "db")],
    ["of another resource", path.replace("deployments", "daemonsets")],
    ["with a parameter that is not taken", `${path}?force=true&force=false`],
  ])("is not asked for where the change is not granted: %s", async (_, target) => {
    expect((await send("merge", { spec: { replicas: 2 } }, target)).status).toBe(403);
    expect(asked).toEqual([]);
  });

  it.each<[string, (response: ServerResponse) => void, number, RegExp]>([
    ["is not there", (response) => json(response, 404, {}), 404, /NotFound/],
    ["may not be seen", (response) => json(response, 403, {}), 403, /gateway's own account may not get/],
    ["is not told now", (response) => json(response, 500, {}), 503, /cluster answered 500/],
    ["is no JSON", (response) => response.end("{"), 503, /two ways/],
    [
      "says a member twice",
      (response) => response.end('{"metadata":{"name":"web","name":"web"}}'),
      503,
      /two ways/,
    ],
    ["is another", (response) => json(response, 200, { metadata: { name: "api" } }), 503, /another object/],
    [
      "is another namespace's",
      (response) => {
        const other = deployment("7");
        json(response, 200, { ...other, metadata: { ...other.metadata, namespace: "kube-system" } });
      },
      503,
      /another object/,
    ],
    ["has no version", (response) => json(response, 200, deployment("")), 503, /no version/],
    [
      "has a version that is none",
      (response) => json(response, 200, deployment("7".repeat(257))),
      503,
      /no version/,
    ],
    ["has no version that binds", (response) => json(response, 200, deployment("0")), 503, /no version/],
    [
      "holds a number that is not exact",
      (response) => response.end(JSON.stringify(deployment("7")).replace(":1,", ":9007199254740993,")),
      403,
      /exactly.*operator can change this/s,
    ],
    [
      "has a name that no object has",
      (response) => response.end(JSON.stringify(deployment("7")).replace('"a":"1"', '"__proto__":{}')),
      503,
      /two ways/,
    ],
    [
      "holds too many values",
      (response) => json(response, 200, { ...deployment("7"), status: Array(25_001).fill(1) }),
      403,
      /more than 25000 values.*operator can change this/s,
    ],
    ["is too large", (response) => response.end(`"${"x".repeat(5_000_000)}"`), 503, /in time and size/],
    ["is not told whole", (response) => response.destroy(), 503, /in time and size/],
  ])("that %s is not changed", async (_, answer, status, why) => {
    look = answer;
    const got = await send("merge", { spec: { replicas: 2 } });
    expect(got.status).toBe(status);
    expect(got.body).toMatch(why);
    expect(sent()).toEqual([]);
    await expect.poll(() => rig.records("act.denied").length).toBe(1);
  });
});
