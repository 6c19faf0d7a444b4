import { describe, expect, test } from "vitest";
import type { Proposal, SeenActs } from "../../../gate/inventory/inventory.ts";
import { scopeSchema } from "../scope.ts";
import { judgeSeen } from "./judge-seen.ts";
import { propose } from "./propose.ts";
import { readSeen } from "./seen-request.ts";
import { exec, seen, writing } from "./testing/seen.ts";

const shop = "/api/v1/namespaces/shop";
const staging = "/api/v1/namespaces/staging";
const apps = "/apis/apps/v1/namespaces/shop";
const parts = { minSeen: 1, taken: [] };
const of = (acts: readonly (string | SeenActs)[], more: object = {}): Proposal =>
  propose(
    acts.map((act) => (typeof act === "string" ? seen(act) : act)),
    { ...parts, ...more },
  );
/** What is proposed, by name. */
const operationsOf = (...acts: readonly (string | SeenActs)[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(of(acts).operations.map(({ name, scope }) => [name, scope]));

describe("writes", () => {
  test("are apart from reads, and by what they do", () => {
    expect(
      operationsOf(
        `GET ${apps}/deployments/web`,
        writing(`PATCH ${apps}/deployments/web`, { spec: { replicas: 2 } }, "application/merge-patch+json"),
        writing(`POST ${shop}/configmaps`, { metadata: { name: "a" } }),
        `DELETE ${shop}/configmaps/a`,
      ),
    ).toEqual({
      "read-deployments": {
        resources: ["deployments.apps"],
        verbs: ["get"],
        namespaces: ["shop"],
        names: ["web"],
      },
      "change-deployment-web": {
        resources: ["deployments.apps"],
        verbs: ["patch"],
        namespaces: ["shop"],
        names: ["web"],
      },
      "create-configmaps": { resources: ["configmaps"], verbs: ["create"], namespaces: ["shop"] },
      "delete-configmap-a": {
        resources: ["configmaps"],
        verbs: ["delete"],
        namespaces: ["shop"],
        names: ["a"],
      },
    });
  });

  test("that create by a POST pass with any name, and say so", () => {
    const any = "no scope can limit the name of what a POST creates: any name passes";
    const notesOf = (...acts: readonly string[]): readonly string[] =>
      of(acts).operations.flatMap(({ notes }) => notes);
    const made = ["a", "b"].map((name) => writing(`POST ${shop}/configmaps`, { metadata: { name } }));
    expect(notesOf(...made)).toEqual([any]);
    const [scope] = of(made).operations.map((each) => scopeSchema.parse(each.scope));
    const takes = (more: object): string =>
      judgeSeen([{ name: "c/o", scope: scopeSchema.parse({ ...scope, ...more }) }], readSeen(made[0] ?? ""))
        .kind;
    expect([takes({}), takes({ names: ["a"] })]).toEqual(["permit", "deny"]);
    // What is made of something that has a name is limited to it.
    expect(notesOf(`POST ${shop}/pods/web-1/eviction`)).toEqual([]);
  });

  test("that apply may create what they name, and nothing else", () => {
    const applied = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } };
    expect(
      operationsOf(
        writing(
          `PATCH ${apps}/deployments/web?fieldManager=kubectl&force=false`,
          applied,
          "application/apply-patch+yaml",
        ),
      ),
    ).toEqual({
      "change-deployment-web": {
        resources: ["deployments.apps"],
        verbs: ["create", "patch"],
        namespaces: ["shop"],
        names: ["web"],
      },
    });
  });

  test("name the service accounts that what was written runs as", () => {
    const written = (account: string): string =>
      writing(`POST ${apps}/deployments`, {
        metadata: { name: "a" },
        spec: { template: { spec: { serviceAccountName: account } } },
      });
    const operations = of([written("web"), written("worker")]).operations;
    expect(operations.map(({ scope }) => scope["service_accounts"])).toEqual([["web"], ["worker"]]);
    expect(operations[0]).toMatchObject({ risk: "high" });
    expect(operations[0]?.notes).toContain(
      "whoever writes one runs any program in it, with the secrets that its namespace has: deployments.apps",
    );
  });

  test("of which no source shows what was written are told", () => {
    expect(of([`PUT ${apps}/deployments/a`]).operations[0]?.notes).toContain(
      "the source does not show what was written: where it runs as another service account than default, add service_accounts",
    );
  });
});

describe("commands", () => {
  test("are granted argument by argument, in pods by their names", () => {
    expect(
      operationsOf(
        exec("web-6d4cf56db6-x2x9p", ["cat", "/var/log/app-2026-12-01.log"]),
        exec("web-6d4cf56db6-q7k4z", ["cat", "/var/log/app-2026-12-02.log"]),
        exec("web-6d4cf56db6-q7k4z", ["ls", "-l", "/var/log"]),
      ),
    ).toEqual({
      "run-cat-and-ls-in-web": {
        exec: {
          namespaces: ["shop"],
          names: ["web-*-*"],
          containers: ["app"],
          commands: [
            ["cat", "/var/log/app-*.log"],
            ["ls", "-l", "/var/log"],
          ],
        },
      },
    });
  });

  test("of other pods are apart where they are others", () => {
    expect(
      Object.keys(operationsOf(exec("web-0", ["ls"]), exec("db-0", ["ls"]), exec("db-0", ["df"]))),
    ).toEqual(["run-df-and-ls-in-db-0", "run-ls-in-web-0"]);
  });

  test("are high, and say that labels are narrower", () => {
    expect(of([exec("web-0", ["ls"])]).operations).toMatchObject([
      { risk: "high", notes: ["a log tells no labels of pods: pods: { app: NAME } is narrower than names"] },
    ]);
  });
});

test("what asks for one's own rights changes nothing", () => {
  const asked = writing("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    metadata: {},
    spec: { resourceAttributes: { namespace: "shop", verb: "list", resource: "pods" } },
  });
  expect(of([asked]).operations).toMatchObject([{ name: "create-selfsubjectaccessreviews", risk: "low" }]);
});

test("ports that a source tells are granted, and the way to them needs nothing more", () => {
  const way = `POST ${shop}/pods/db-0/portforward\nupgrade: websocket`;
  expect(operationsOf(way, `${way}\nforwarded-port: 5432`)).toEqual({
    "forward-to-db-0": { port_forward: { namespaces: ["shop"], names: ["db-0"], ports: [5432] } },
  });
});

test("what needs no operation is counted", () => {
  expect(of(["GET /apis", "GET /version"])).toMatchObject({
    operations: [],
    apart: [],
    freely: { times: 2 },
  });
});

test("names are taken once, also those that are configured", () => {
  const { operations } = of([`GET ${shop}/configmaps/a`, `GET ${staging}/configmaps/b`, `GET ${shop}/pods`], {
    taken: ["read-pods"],
  });
  expect(operations.map(({ name }) => name).toSorted()).toEqual([
    "read-configmaps-in-shop",
    "read-configmaps-in-staging",
    "read-pods-2",
  ]);
});
