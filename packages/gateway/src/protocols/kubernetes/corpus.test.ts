import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkScope, scopeSchema } from "./scope.ts";
import { trial } from "./trial.ts";

interface Case {
  readonly id: string;
  readonly scope: string;
  readonly payload: string;
  readonly expected: "allow" | "deny";
  readonly why: string;
}

const read = (name: string): readonly Case[] =>
  JSON.parse(readFileSync(new URL(`../../../../../tests/corpus/${name}`, import.meta.url), "utf8")) as Case[];
const given = read("kubernetes.json");
const own = read("kubernetes-own.json");

/** What happens on a stream or upstream, and is no request: tested where it happens. */
const elsewhere: Readonly<Record<string, string>> = {
  "k8s-exec-28": "streams.test.ts",
  "k8s-exec-29": "streams.test.ts",
  "k8s-exec-34": "streams.test.ts",
};

const scopes: Readonly<Record<string, unknown>> = {
  pods: {
    resources: ["pods", "pods/log"],
    verbs: ["get", "list"],
    namespaces: ["shop"],
    exec: {
      namespaces: ["shop"],
      names: ["web-*"],
      containers: ["app"],
      commands: [
        ["cat", "/var/log/app.log"],
        ["ls", "-l", "/var/log"],
      ],
    },
  },
  deploy: {
    resources: ["deployments.apps"],
    verbs: ["get", "list", "create", "patch"],
    namespaces: ["shop"],
    names: ["web"],
  },
  writes: {
    resources: ["secrets", "deployments.apps"],
    verbs: ["create", "patch"],
    namespaces: ["shop"],
  },
  deletes: { resources: ["pods"], verbs: ["delete", "deletecollection"], namespaces: ["shop"] },
  labels: {
    exec: {
      namespaces: ["shop"],
      pods: { app: "shop" },
      commands: [
        ["ls", "*"],
        ["cat", "/var/log/*"],
        ["echo", "*"],
      ],
    },
  },
};

function judge(name: string, payload: string): string {
  const scope = scopeSchema.parse(scopes[name]);
  expect(checkScope(scope)).toEqual([]);
  return trial([{ name: `prod/${name}`, scope }])(payload).kind === "permit" ? "allow" : "deny";
}

describe("requests that must not get through, and those that must", () => {
  const requests = given.filter(({ id }) => !(id in elsewhere));

  it.each(requests)("$id: $why → $expected", ({ payload, expected }) => {
    expect(judge("pods", payload)).toBe(expected);
  });

  it.each(own)("$id: $why → $expected", ({ scope, payload, expected }) => {
    expect(judge(scope, payload)).toBe(expected);
  });

  it("leave out only what is tested elsewhere", () => {
    expect(given.length - requests.length).toBe(Object.keys(elsewhere).length);
    expect(own.length).toBeGreaterThan(60);
    expect(new Set(own.map(({ id }) => id)).size).toBe(own.length);
  });
});
