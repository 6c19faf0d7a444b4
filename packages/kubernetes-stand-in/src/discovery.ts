import { kinds } from "./kinds.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** The groups that have a name. */
const groups = [...new Set(kinds.map(({ group }) => group))].filter((group) => group !== "");

const groupOf = (name: string) => {
  const version = { groupVersion: `${name}/v1`, version: "v1" };
  return { name, versions: [version], preferredVersion: version };
};

/** What is below objects of a group. */
function subresourcesOf(group: string) {
  const below = { singularName: "", namespaced: true };
  if (group === "")
    return ["log", "exec", "portforward"].map((sub) => ({
      ...below,
      name: `pods/${sub}`,
      kind: "Pod",
      verbs: ["get", "create"],
    }));
  const scale = { group: "autoscaling", version: "v1", kind: "Scale", verbs: ["get", "patch", "update"] };
  return group === "apps" ? [{ ...below, name: "deployments/scale", ...scale }] : [];
}

function resourcesOf(group: string): unknown {
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? "v1" : `${group}/v1`,
    resources: [
      ...kinds
        .filter((each) => each.group === group)
        .map(({ plural, kind, namespaced, short }) => ({
          name: plural,
          singularName: kind.toLowerCase(),
          namespaced,
          kind,
          verbs: plural === "selfsubjectaccessreviews" ? ["create"] : verbs,
          shortNames: short,
        })),
      ...subresourcesOf(group),
    ],
  };
}

/** Discovery as the API server gives it, without aggregation. @returns undefined where there is none */
export function discovery(path: string): unknown {
  const [, group = ""] = /^(?:\/openapi\/v3)?\/apis\/([^/]+)(?:\/v1)?$/.exec(path) ?? [];
  const of = groups.includes(group) ? group : undefined;
  switch (path) {
    case "/version":
      return { major: "1", minor: "32", gitVersion: "v1.32.3+stand-in", platform: "linux/amd64" };
    case "/api":
      return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
    case "/apis":
      return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map(groupOf) };
    case "/api/v1":
      return resourcesOf("");
    case `/apis/${of}`:
      return { kind: "APIGroup", apiVersion: "v1", ...groupOf(group) };
    case `/apis/${of}/v1`:
      return resourcesOf(group);
    case "/openapi/v3":
      return {
        paths: Object.fromEntries(
          ["api/v1", ...groups.map((each) => `apis/${each}/v1`)].map((each) => [
            each,
            { serverRelativeURL: `/openapi/v3/${each}` },
          ]),
        ),
      };
    case "/openapi/v3/api/v1":
      return openapi("");
    case `/openapi/v3/apis/${of}/v1`:
      return openapi(group);
    default:
      return undefined;
  }
}

/** As much of the OpenAPI document as kubectl reads before it applies: kinds of any shape, validated by the server. */
function openapi(group: string): unknown {
  const paths: Record<string, unknown> = {};
  const schemas: Record<string, unknown> = {};
  for (const { kind, plural, version, group: of } of kinds) {
    if (of !== group) continue;
    const gvk = { group, kind, version };
    const base = group === "" ? "/api/v1" : `/apis/${group}/v1`;
    paths[`${base}/namespaces/{namespace}/${plural}/{name}`] = {
      patch: {
        "x-kubernetes-group-version-kind": gvk,
        parameters: [
          { name: "fieldValidation", in: "query", schema: { type: "string", uniqueItems: true } },
          { name: "dryRun", in: "query", schema: { type: "string", uniqueItems: true } },
        ],
        responses: { 200: { description: "OK" } },
      },
    };
    schemas[`io.k8s.api.${group === "" ? "core" : group}.v1.${kind}`] = {
      type: "object",
      "x-kubernetes-preserve-unknown-fields": true,
      "x-kubernetes-group-version-kind": [gvk],
    };
  }
  return {
    openapi: "3.0.0",
    info: { title: "stand-in", version: "v1.32.3" },
    paths,
    components: { schemas },
  };
}
