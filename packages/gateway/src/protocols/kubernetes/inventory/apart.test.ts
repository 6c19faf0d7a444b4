import { describe, expect, test } from "vitest";
import type { SeenActs, SetApart } from "../../../gate/inventory/inventory.ts";
import { scopeSchema } from "../scope.ts";
import { judgeSeen } from "./judge-seen.ts";
import { propose } from "./propose.ts";
import { readSeen } from "./seen-request.ts";
import { exec, seen, writing } from "./testing/seen.ts";

const shop = "/api/v1/namespaces/shop";
const system = "/api/v1/namespaces/kube-system";
const of = (acts: readonly (string | SeenActs)[], minSeen = 1): readonly SetApart[] =>
  propose(
    acts.map((act) => (typeof act === "string" ? seen(act) : act)),
    { minSeen, taken: [] },
  ).apart;

describe("with a draft that grants it", () => {
  test.each([
    [`GET ${shop}/secrets/db`, "secrets hold credentials"],
    [`GET ${shop}/secrets`, "secrets hold credentials"],
    [`GET ${shop}/secrets?watch=true`, "secrets hold credentials"],
    [writing(`POST ${shop}/secrets`, { metadata: { name: "a" } }), "secrets hold credentials"],
    ["GET /apis/vault.example/v1/namespaces/shop/apitokens", "apitokens look secret"],
    [
      `DELETE ${shop}/pods?labelSelector=a`,
      "it deletes all that a selector takes, whatever is there by then",
    ],
    ["DELETE /api/v1/namespaces/shop", "it changes what is all of the cluster's"],
    [
      writing("POST /api/v1/namespaces", { metadata: { name: "a" } }),
      "it changes what is all of the cluster's",
    ],
    [
      writing("PATCH /api/v1/nodes/a", { spec: { unschedulable: true } }, "application/merge-patch+json"),
      "it changes what is all of the cluster's",
    ],
    [`DELETE ${system}/pods/a`, "what runs the cluster is in kube-system"],
    [exec("a", ["ls"]).replace("/shop/", "/kube-system/"), "what runs the cluster is in kube-system"],
    [exec("a", ["cat", "/a"], { stdin: "true" }), "its standard input is passed on, and is not judged"],
    [exec("a", ["sh", "-c", "ls"]), "a shell runs whatever it is told"],
    [exec("a", ["sh"], { stdin: "true", tty: "true" }), "a shell runs whatever it is told"],
  ])("%s: %s", (act, reason) => {
    const [apart, ...others] = of([act]);
    expect(others).toEqual([]);
    expect(apart).toMatchObject({ reason, draft: { risk: "high" } });
    const scope = scopeSchema.parse(apart?.draft?.scope);
    const asked = act.replace("watch=true", "limit=5");
    expect(judgeSeen([{ name: "c/o", scope }], readSeen(act.includes("watch") ? act : asked)).kind).toBe(
      "permit",
    );
  });
});

test("a draft that reads secrets shows none of their values", () => {
  expect(of([`GET ${shop}/secrets`, `GET ${shop}/secrets?watch=true`])[0]?.draft?.scope).toEqual({
    resources: ["secrets"],
    verbs: ["list"],
    namespaces: ["shop"],
    mask: { secrets: ["data", "stringData"] },
  });
});

test("an argument that may be a secret is shown nowhere, whatever else speaks against it", () => {
  const secret = ["redis-ping", "--password=hunter2"];
  const acts = [
    exec("a", secret),
    exec("a", secret, { stdin: "true" }),
    exec("a", secret).replace("/shop/", "/kube-system/"),
  ];
  for (const minSeen of [1, 5]) {
    const said = JSON.stringify(of(acts, minSeen));
    expect(said).toContain("an argument may be somebody's secret");
    expect(said).not.toContain("hunter2");
  }
});

describe("without one", () => {
  test.each([
    ["GET /metrics", "never granted: the path names nothing of the API"],
    [`POST ${shop}/pods/a/attach\nupgrade: websocket`, "never granted: pods/attach is never granted"],
    [
      `POST ${shop}/pods/a/portforward\nupgrade: websocket`,
      "no source says to which ports: write port_forward with the namespace, the pods and the ports",
    ],
  ])("%s: %s", (act, reason) => {
    const [apart] = of([act]);
    expect(apart).toMatchObject({ reason });
    expect(apart?.draft).toBeUndefined();
  });
});

test("what the cluster's own components did is theirs, unless nobody else did anything", () => {
  const list = `GET ${shop}/pods`;
  const both: SeenActs = {
    act: list,
    times: 12,
    by: new Map([
      ["system:node:a", 7],
      ["system:serviceaccount:kube-system:job-controller", 3],
      ["system:serviceaccount:agents:bot", 2],
    ]),
  };
  const proposal = propose([both], { minSeen: 1, taken: [] });
  expect(proposal.operations).toMatchObject([{ evidence: { times: 2 } }]);
  expect(proposal.apart).toMatchObject([
    { reason: "the cluster's own components did it", evidence: { times: 10 } },
  ]);
  expect(propose([seen(list, { by: "system:node:a" })], { minSeen: 1, taken: [] }).operations).toHaveLength(
    1,
  );
});

test("what is alike and was seen seldom, also where more of that is in one operation", () => {
  const reason = "each kind of request was seen fewer than 2 times";
  expect(of([`GET ${shop}/pods`], 2)).toMatchObject([{ reason, draft: { name: "read-pods" } }]);
  expect(of([`GET ${shop}/pods`, `GET ${shop}/events`, `GET ${shop}/services`], 2)).toMatchObject([
    { reason, evidence: { times: 3 } },
  ]);
  expect(of([`GET ${shop}/configmaps/a`, `GET ${shop}/configmaps/b`], 2)).toEqual([]);
});

/** Words that no number tells apart. */
const lettered = (at: number): string => `u${"abcdefghijk"[at % 11]}${"abcdefghijk"[Math.floor(at / 11)]}`;

test("what is beyond what anybody reads speaks against no pattern of pods", () => {
  const many = Array.from({ length: 101 }, (_, at) => exec("web-a-b", ["id", lettered(at)]));
  const beyond = of(many);
  // The last of them in the order of their texts.
  const last = 98;
  expect(beyond).toMatchObject([{ reason: "there are too many commands of id for anybody to read" }]);
  const { operations, apart } = propose(
    [...many, exec("web-6d4cf56db6-x2x9p", ["id", lettered(last)])].map((act) => seen(act)),
    { minSeen: 1, taken: [] },
  );
  expect(operations).toHaveLength(2);
  expect(apart).toEqual(beyond);
});

test("what cannot be held against all that is set apart is set apart, however few programs it runs", () => {
  const ran = Array.from({ length: 100 }, (_, at) => exec("web-0", ["id", lettered(at)]));
  const others = Array.from({ length: 5001 }, (_, at) => exec(`db-${at}`, ["sh", "-c", `${at}`]));
  const { operations, apart } = propose(
    [...ran, ...others].map((act) => seen(act)),
    { minSeen: 1, taken: [] },
  );
  expect(operations).toEqual([]);
  expect(apart).toContainEqual(
    expect.objectContaining({
      reason: "not everything could be held against it",
      evidence: expect.objectContaining({ times: 100 }) as object,
    }),
  );
});

test("a pattern of pods that would let through what is set apart", () => {
  const acts = [
    exec("web-6d4cf56db6-x2x9p", ["ls"]),
    exec("web-7b9f8cd6f4-zk4tq", ["ls"], { stdin: "true" }),
  ];
  expect(
    propose(
      acts.map((act) => seen(act)),
      { minSeen: 1, taken: [] },
    ).operations,
  ).toHaveLength(1);
  const names = Array.from({ length: 30 }, (_, at) => seen(`DELETE ${shop}/configmaps/c${at}x`));
  const { operations } = propose([...names, seen(`DELETE ${shop}/configmaps/c1x`)], {
    minSeen: 1,
    taken: [],
  });
  expect(operations).toHaveLength(1);
});
