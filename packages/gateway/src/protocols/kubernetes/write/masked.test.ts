import { describe, expect, it } from "vitest";
import { type How, judgeChange, liveAs, scopesOf } from "../testing/changes.ts";

const masking = (resource: string, members: readonly string[]) =>
  scopesOf({
    resources: [resource],
    verbs: ["get", "create", "update", "patch"],
    namespaces: ["shop"],
    mask: { [resource.split(".")[0] ?? ""]: members },
  });
const secrets = "/api/v1/namespaces/shop/secrets";
const applied = "kubectl.kubernetes.io/last-applied-configuration";
const secret = (data: object, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "a", namespace: "shop", ...more },
  data,
});
const live = liveAs(secret({ password: "aHVudGVyMg==" }, { annotations: { [applied]: "{}" } }));
const tells = expect.stringMatching(/is there: what is written over it would tell|could tell what is masked/);

describe("a masked value that is there", () => {
  const scopes = masking("secrets", ["data"]);
  const right = "aHVudGVyMg==";

  it.each<[How, (guess: string) => unknown]>([
    ["MERGE", (guess) => ({ data: { password: guess } })],
    ["STRATEGIC", (guess) => ({ data: { password: guess } })],
    ["STRATEGIC", (guess) => ({ data: { $patch: "replace", password: guess } })],
    ["STRATEGIC", (guess) => ({ data: { $retainKeys: ["password"], password: guess } })],
    ["STEPS", (guess) => [{ op: "replace", path: "/data/password", value: guess }]],
    ["STEPS", (guess) => [{ op: "add", path: "/data", value: { password: guess } }]],
    [
      "STEPS",
      (guess) => [
        { op: "remove", path: "/data/password" },
        { op: "add", path: "/data/password", value: guess },
      ],
    ],
    ["STEPS", (guess) => [{ op: "test", path: "/data/password", value: guess }]],
    ["STEPS", (guess) => [{ op: "replace", path: "", value: secret({ password: guess }) }]],
    ["STEPS", () => [{ op: "copy", from: "/data/password", path: "/metadata/labels/x" }]],
    ["STEPS", () => [{ op: "move", from: "/data/password", path: "/data/other" }]],
    // What is written as text becomes data.
    ["MERGE", (guess) => ({ stringData: { password: Buffer.from(guess, "base64").toString() } })],
    ["PUT", (guess) => secret({ password: guess })],
    ["APPLY", (guess) => secret({ password: guess })],
    ["APPLY", (guess) => secret({ other: guess })],
    ["MERGE", (guess) => ({ metadata: { annotations: { [applied]: `{"data":${guess}}` } } })],
  ])("is not written over, whether the guess is right or not: %s %#", (how, body) => {
    const answers = [right, "bm8="].map((guess) =>
      judgeChange(scopes, how, `${secrets}/a`, body(guess), live),
    );
    expect(answers).toEqual([tells, tells]);
    expect(answers[0]).toBe(answers[1]);
  });

  it.each<[How, unknown]>([
    ["MERGE", { metadata: { labels: { x: "1" } } }],
    ["MERGE", { data: { password: null } }],
    ["MERGE", { data: { other: "bm8=" } }],
    ["MERGE", { stringData: { other: "no" } }],
    ["MERGE", { data: null }],
    ["STEPS", [{ op: "remove", path: "/data/password" }]],
    ["STEPS", [{ op: "add", path: "/data/other", value: "bm8=" }]],
    ["STRATEGIC", { metadata: { annotations: { x: "1" } } }],
    ["PUT", secret({ other: "bm8=" })],
    ["APPLY", { metadata: { name: "a", labels: { x: "1" } } }],
  ])("may be taken away, and others set beside it: %s %j", (how, body) => {
    expect(judgeChange(scopes, how, `${secrets}/a`, body, live)).toBe("permit");
  });

  it("may be set once it was taken away, and in a secret that is new", () => {
    const set = { data: { password: "bm8=" } };
    expect(judgeChange(scopes, "MERGE", `${secrets}/a`, set, liveAs(secret({})))).toBe("permit");
    expect(judgeChange(scopes, "POST", secrets, secret({ password: "bm8=" }))).toBe("permit");
  });

  it("is anything where nothing is masked", () => {
    const plain = scopesOf({
      resources: ["secrets"],
      verbs: ["update", "patch", "create"],
      namespaces: ["shop"],
    });
    for (const [how, body] of [
      ["MERGE", { data: { password: "bm8=" } }],
      ["PUT", secret({ password: "bm8=" })],
      ["APPLY", secret({ password: "bm8=" })],
      ["STEPS", [{ op: "test", path: "/data/password", value: right }]],
    ] as [How, unknown][])
      expect(judgeChange(plain, how, `${secrets}/a`, body, live)).toBe("permit");
  });
});

describe("a masked member inside an object", () => {
  const deployments = "/apis/apps/v1/namespaces/shop/deployments";
  const scopes = masking("deployments.apps", ["env"]);
  const containers = [{ name: "app", image: "a:1", env: [{ name: "KEY", value: "hunter2" }] }];
  const workload = liveAs({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a", namespace: "shop" },
    spec: { replicas: 1, template: { metadata: {}, spec: { containers } } },
  });
  const inside = (spec: object): object => ({ spec: { template: { spec } } });
  const env = "/spec/template/spec/containers/0/env";

  it.each<[How, (guess: string) => unknown]>([
    ["MERGE", (guess) => inside({ containers: [{ name: "app", env: [{ name: "KEY", value: guess }] }] })],
    ["STRATEGIC", (guess) => inside({ containers: [{ name: "app", env: [{ name: "KEY", value: guess }] }] })],
    ["STEPS", (guess) => [{ op: "replace", path: `${env}/0/value`, value: guess }]],
    ["STEPS", () => [{ op: "remove", path: `${env}/1` }]],
    ["APPLY", (guess) => inside({ containers: [{ name: "app", env: [{ name: "KEY", value: guess }] }] })],
  ])("is not written over, whether the guess is right or not: %s %#", (how, body) => {
    for (const guess of ["hunter2", "no"])
      expect(judgeChange(scopes, how, `${deployments}/a`, body(guess), workload)).toEqual(tells);
  });

  it("is not found out by a directive that takes one of its elements away", () => {
    const finalizers = masking("deployments.apps", ["finalizers"]);
    const patch = { metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/guess"] } };
    expect(judgeChange(finalizers, "STRATEGIC", `${deployments}/a`, patch, workload)).toEqual(tells);
  });

  it("lets what is beside it be written", () => {
    const image = inside({ containers: [{ name: "app", image: "a:2" }] });
    expect(judgeChange(scopes, "STRATEGIC", `${deployments}/a`, image, workload)).toBe("permit");
    expect(judgeChange(scopes, "STEPS", `${deployments}/a`, [{ op: "remove", path: env }], workload)).toBe(
      "permit",
    );
  });
});

it("a service account of a masked object is not named in a denial", () => {
  const scopes = masking("pods", ["serviceAccountName"]);
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "shop" },
    spec: { serviceAccountName: "hunter2", containers: [{ name: "app" }] },
  };
  const patch = { spec: { activeDeadlineSeconds: 3 } };
  const said = judgeChange(scopes, "MERGE", "/api/v1/namespaces/shop/pods/a", patch, liveAs(pod));
  expect(said).toContain("service account");
  expect(said).not.toContain("hunter2");
});
