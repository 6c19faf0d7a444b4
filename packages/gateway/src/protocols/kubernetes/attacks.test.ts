import { describe, expect, it } from "vitest";
import { type KubernetesAct, readAct } from "./act.ts";
import { verdictOf } from "./judge.ts";
import { maskJson } from "../../gate/web/proxy/json-mask.ts";
import { maskOf } from "./mask.ts";
import { scopeSchema } from "./scope.ts";
import { targetSchema } from "./target.ts";
import { impersonation } from "./upstream.ts";

const scopes = (written: unknown) => [{ name: "c/op", scope: scopeSchema.parse(written) }];
const act = (method: string, target: string, body?: string, type = "application/json"): KubernetesAct =>
  readAct({
    method,
    target,
    headers: body === undefined ? [] : ["content-type", type],
    body: body === undefined ? { kind: "none" } : { kind: "read", bytes: Buffer.from(body) },
  });
const secrets = scopes({
  resources: ["secrets"],
  verbs: ["get", "list", "patch", "create"],
  namespaces: ["shop"],
  mask: { secrets: ["data", "stringData"] },
});
const path = "/api/v1/namespaces/shop/secrets";

describe("a Connection header", () => {
  const kindOf = (value: string): string =>
    verdictOf(secrets, readAct({ ...act("GET", path), headers: ["Connection", value] })).kind;

  it.each(["close", "Keep-Alive, Upgrade", "upgrade ,close", "", ","])("%j asks for what it may", (value) => {
    expect(kindOf(value)).toBe("permit");
  });

  it.each(["authorization", "close, x-remote-user", "close close", "close;upgrade"])(
    "%j is refused",
    (value) => {
      expect(kindOf(value)).toBe("deny");
    },
  );

  it("is read in time that grows with its length, whatever stands in it", () => {
    // Where blanks between two options could be of either, there are 2^2000 ways to read this: nobody would live to see it.
    expect(kindOf(`${"close ".repeat(2000)}!`)).toBe("deny");
  });
});

describe("a watch that looks like a list", () => {
  // runtime.Convert_Slice_string_To_bool: everything but "false" and "0" is yes.
  it.each(["f", "F", "no", "off", "2", "", "t"])("watch=%s is no list", (value) => {
    expect(verdictOf(secrets, act("GET", `${path}?watch=${value}`)).kind).toBe("deny");
  });
  it.each(["false", "0"])("watch=%s is one", (value) => {
    expect(verdictOf(secrets, act("GET", `${path}?watch=${value}`)).kind).toBe("permit");
  });
  it("a name makes no watch of a get", () => {
    const watching = scopes({ resources: ["secrets"], verbs: ["watch"], namespaces: ["shop"] });
    expect(verdictOf(watching, act("GET", `${path}/a?watch=true`)).kind).toBe("deny");
    expect(verdictOf(watching, act("GET", `${path}?watch=true`)).kind).toBe("permit");
  });
});

describe("a masked member", () => {
  const secret = { kind: "Secret", metadata: { name: "a" }, data: { password: "hunter2" } };
  it.each([
    ["in an event of a watch", { type: "ADDED", object: secret }],
    ["beside items of its own", { ...secret, items: [] }],
    ["beside rows of its own", { ...secret, rows: [] }],
    ["in an item", { kind: "SecretList", items: [secret] }],
    ["in an item of an item", { kind: "List", items: [{ kind: "SecretList", items: [secret] }] }],
    ["in a row", { kind: "Table", rows: [{ cells: ["a"], object: secret }] }],
    ["in the details of an error", { kind: "Status", details: { ...secret } }],
  ])("does not come down %s", (_, value) => {
    const masking = maskJson(maskOf("secrets", ["data"]), true);
    const masked = Buffer.concat(masking.feed(Buffer.from(JSON.stringify(value))) ?? []).toString();
    expect(masking.end()).toEqual({ met: ["secrets.data"] });
    expect(masked).not.toContain("hunter2");
    expect(masked).toContain('"data":{"password":"***"}');
  });

  it.each(["copy", "move", "test"])("is not got at by a patch: %s", (op) => {
    const step = { op, from: "/data/password", path: "/metadata/labels/x", value: "a" };
    const sent = act("PATCH", `${path}/a`, JSON.stringify([step]), "application/json-patch+json");
    expect(verdictOf(secrets, sent).kind).toBe("deny");
  });
  it("may be set by a patch", () => {
    const step = { op: "replace", path: "/data/password", value: "aGk=" };
    const sent = act("PATCH", `${path}/a`, JSON.stringify([step]), "application/json-patch+json");
    expect(verdictOf(secrets, sent).kind).toBe("permit");
  });
});

it("labels that are masked are not selected by", () => {
  const list = (mask: readonly string[]): string =>
    verdictOf(
      scopes({ resources: ["pods"], verbs: ["list"], namespaces: ["shop"], mask: { pods: mask } }),
      act("GET", "/api/v1/namespaces/shop/pods?labelSelector=owner%3Dada"),
    ).kind;
  expect([["labels"], ["metadata"], ["nodeName"]].map(list)).toEqual(["deny", "deny", "permit"]);
});

describe("a body", () => {
  const config = (verbs: string[]) => scopes({ resources: ["configmaps"], verbs, namespaces: ["shop"] });
  const one = "/api/v1/namespaces/shop/configmaps/a";
  it("replaces no object whole by a patch", () => {
    const patch = JSON.stringify([{ op: "replace", path: "", value: { metadata: { name: "b" } } }]);
    const sent = act("PATCH", one, patch, "application/json-patch+json");
    expect(verdictOf(config(["patch"]), sent).kind).toBe("deny");
  });
  it("that is applied creates what is not there: both verbs have to be granted", () => {
    const apply = act(
      "PATCH",
      `${one}?fieldManager=x`,
      JSON.stringify({ metadata: { name: "a" } }),
      "application/apply-patch+yaml",
    );
    expect(verdictOf(config(["patch"]), apply).kind).toBe("deny");
    expect(verdictOf(config(["patch", "create"]), apply).kind).toBe("permit");
  });
});

describe("whom the gateway acts as", () => {
  const target = (user: string) =>
    targetSchema.safeParse({
      server: "https://10.0.0.1",
      client_certificate: { certificate: "c.pem", key: { env: "K" } },
      impersonate: { user },
    });
  it("is never nobody, which the API server takes for the gateway itself", () => {
    expect(target("{person}").success).toBe(false);
    expect(target("  ").success).toBe(false);
    expect(target("mayfly:{person}").success).toBe(true);
    const parsed = target("{agent}").data;
    if (parsed === undefined) throw new Error("not parsed");
    expect(() => impersonation(parsed, { name: " ", grant: "gr_1" })).toThrow(TypeError);
    expect(impersonation(parsed, { name: "$&", grant: "gr_1" })).toEqual(["Impersonate-User", "$&"]);
  });
});
