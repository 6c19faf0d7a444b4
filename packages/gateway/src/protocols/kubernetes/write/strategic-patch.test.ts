import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import type { JsonObject } from "./objects.ts";
import { shapeOf } from "./strategic-lists.ts";
import { applyStrategicPatch } from "./strategic-patch.ts";
import { NotUnderstood, Unapplied } from "./unapplied.ts";

interface Case {
  readonly before: JsonObject;
  readonly patch: JsonObject;
  readonly after: JsonObject;
}

/** What Kubernetes' own implementation (apimachinery 0.32, `strategicpatch`) made of random objects and patches. */
const cases = readFileSync(
  new URL("../../../../../../tests/corpus/kubernetes-strategic.jsonl", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Case);

/** Without members that are null, which Kubernetes takes for none. */
function typed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(typed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => (each === null ? [] : [[name, typed(each)]])),
  );
}

function apply({ before, patch }: Pick<Case, "before" | "patch">): unknown {
  const shape = shapeOf(before["apiVersion"], before["kind"]);
  if (shape === undefined) throw new Error("a kind that is not known");
  return applyStrategicPatch(before, patch, shape);
}

test("a strategic merge patch makes what Kubernetes' own implementation makes", () => {
  expect(cases.length).toBeGreaterThan(100);
  for (const each of cases) {
    const given = structuredClone(each);
    expect([each.patch, typed(apply(each))]).toEqual([given.patch, typed(given.after)]);
    expect(each).toEqual(given);
  }
});

const pod = (spec: object): JsonObject => ({ apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec });
const two = pod({ containers: [{ name: "a", image: "1" }, { name: "b" }], nodeSelector: { x: "1" } });

describe("a directive", () => {
  it.each([
    [{ $patch: "merge" }],
    [{ spec: { $patch: true } }],
    [{ spec: { containers: [{ name: "a", $patch: "merge" }] } }],
    [{ spec: { $unknown: 1 } }],
    [{ spec: { securityContext: { $unknown: 1 } } }],
  ])("that is not known is refused: %j", (patch) => {
    expect(() => apply({ before: two, patch })).toThrow(NotUnderstood);
  });

  it.each([
    [{ spec: { containers: [{ image: "1" }] } }],
    [{ spec: { containers: [{ $patch: "delete" }] } }],
    [{ spec: { containers: ["a"] } }],
    [{ spec: { "$setElementOrder/containers": "a" } }],
    [{ spec: { "$deleteFromPrimitiveList/containers": null } }],
    [{ spec: { $retainKeys: ["containers"], nodeSelector: {} } }],
    [{ spec: { $retainKeys: "containers" } }],
  ])("that fits nothing is refused: %j", (patch) => {
    expect(() => apply({ before: two, patch })).toThrow(Unapplied);
  });

  it("about what is not there does nothing", () => {
    expect(apply({ before: two, patch: { status: { $patch: "delete" } } })).toEqual(two);
  });
});

it("elements that share a key are kept, and the first is merged", () => {
  const ports = [
    { port: 53, protocol: "TCP" },
    { port: 53, protocol: "UDP" },
  ];
  const before = { apiVersion: "v1", kind: "Service", metadata: { name: "a" }, spec: { ports } };
  const patch = { spec: { ports: [{ port: 53, name: "dns" }] } };
  expect(apply({ before, patch })).toMatchObject({
    spec: { ports: [{ port: 53, protocol: "TCP", name: "dns" }, ports[1]] },
  });
});

it("is not taken by kinds that are not Kubernetes' own", () => {
  expect(shapeOf("example.com/v1", "Widget")).toBeUndefined();
  expect(shapeOf("apps.openshift.io/v1", "DeploymentConfig")).toBeUndefined();
  expect(shapeOf("networking.k8s.io/v1", "Ingress")).toBeDefined();
  expect(shapeOf(undefined, "Pod")).toBeUndefined();
});
