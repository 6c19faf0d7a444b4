import { describe, expect, test } from "vitest";
import type { Proposal, SeenActs } from "../../../gate/inventory/inventory.ts";
import { propose } from "./propose.ts";
import { seen } from "./testing/seen.ts";

const shop = "/api/v1/namespaces/shop";
const staging = "/api/v1/namespaces/staging";
const parts = { minSeen: 1, taken: [] };
const of = (acts: readonly (string | SeenActs)[]): Proposal =>
  propose(
    acts.map((act) => (typeof act === "string" ? seen(act) : act)),
    parts,
  );
/** What is proposed, by name. */
const operationsOf = (...acts: readonly (string | SeenActs)[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(of(acts).operations.map(({ name, scope }) => [name, scope]));

describe("reads", () => {
  test("of what is listed are together, whatever the verb, and names say nothing there", () => {
    expect(
      operationsOf(
        `GET ${shop}/pods`,
        `GET ${shop}/pods/web-1`,
        `GET ${shop}/services?watch=1`,
        `GET ${staging}/pods`,
        `GET ${staging}/services`,
      ),
    ).toEqual({
      "read-pods-and-services": {
        resources: ["pods", "services"],
        verbs: ["get", "list", "watch"],
        namespaces: ["shop", "staging"],
      },
    });
  });

  test("of other namespaces are apart where the resources are others", () => {
    expect(operationsOf(`GET ${shop}/pods`, `GET ${staging}/pods`, `GET ${shop}/services`)).toEqual({
      "read-pods": { resources: ["pods"], verbs: ["list"], namespaces: ["shop", "staging"] },
      "read-services": { resources: ["services"], verbs: ["list"], namespaces: ["shop"] },
    });
  });

  test("by name alone take those names", () => {
    expect(operationsOf(`GET ${shop}/configmaps/app`, `GET ${shop}/configmaps/web`)).toEqual({
      "read-configmaps": {
        resources: ["configmaps"],
        verbs: ["get"],
        namespaces: ["shop"],
        names: ["app", "web"],
      },
    });
  });

  test("of logs by the names of the pods that a Deployment made", () => {
    expect(
      operationsOf(`GET ${shop}/pods/web-6d4cf56db6-x2x9p/log`, `GET ${shop}/pods/web-7b9f8cd6f4-zk4tq/log`),
    ).toEqual({
      "read-pod-logs": { resources: ["pods/log"], verbs: ["get"], namespaces: ["shop"], names: ["web-*-*"] },
    });
  });

  test("of all namespaces are the cluster's, and take what is read in one of them with them", () => {
    expect(operationsOf("GET /api/v1/pods", `GET ${shop}/pods/web-1`, "GET /api/v1/nodes")).toEqual({
      "read-nodes-and-pods": { resources: ["nodes", "pods"], verbs: ["get", "list"], cluster: true },
    });
  });

  test("of all namespaces take nothing with them that somebody else read in one", () => {
    expect(
      operationsOf(
        seen("GET /api/v1/pods", { by: "report" }),
        `GET ${shop}/pods`,
        `GET ${staging}/pods/web-1`,
      ),
    ).toEqual({
      "read-pods": { resources: ["pods"], verbs: ["list"], cluster: true },
      "read-pods-in-shop": { resources: ["pods"], verbs: ["list"], namespaces: ["shop"] },
      "read-pods-in-staging": {
        resources: ["pods"],
        verbs: ["get"],
        namespaces: ["staging"],
        names: ["web-1"],
      },
    });
  });

  test("of what is in no namespace by name", () => {
    expect(operationsOf("GET /api/v1/nodes/a")).toEqual({
      "read-nodes": { resources: ["nodes"], verbs: ["get"], cluster: true, names: ["a"] },
    });
  });

  test("where new names keep coming take any", () => {
    const names = Array.from(
      { length: 30 },
      (_, at) => `GET ${shop}/configmaps/c${String.fromCodePoint(97 + (at % 26))}${at}`,
    );
    const [operation] = of(names).operations;
    expect(operation?.scope).toEqual({ resources: ["configmaps"], verbs: ["get"], namespaces: ["shop"] });
    expect(operation?.notes).toContain(
      "any name passes, also of what has nothing to do with it: 30 were seen",
    );
  });
});
