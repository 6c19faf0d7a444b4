import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { type How, judgeChange, liveAs, scopesOf } from "../testing/changes.ts";
import { baseline } from "./baseline.ts";
import { findingsIn } from "./findings.ts";

// What a pod may say and what it may not, by every way in which an object can come to say it.

interface Case {
  readonly control: string;
  readonly verdict: "pass" | "fail";
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const cases = JSON.parse(
  readFileSync(
    new URL("../../../../../../tests/corpus/kubernetes-pod-security.json", import.meta.url),
    "utf8",
  ),
) as readonly Case[];

const scopes = scopesOf({
  resources: ["pods", "deployments.apps", "cronjobs.batch", "widgets.example.com"],
  verbs: ["create", "update", "patch"],
  namespaces: ["shop"],
  service_accounts: ["web"],
});

const harmless = { containers: [{ name: "app", image: "a" }] };

/** A kind that describes pods: where it is, where in it the pod is, and the whole object around one. */
interface Kind {
  readonly target: string;
  readonly pod: readonly string[];
  readonly of: (pod: { readonly metadata: object; readonly spec: object }) => object;
}

const about = (apiVersion: string, kind: string) => ({ apiVersion, kind });
const metadata = { name: "a", namespace: "shop", labels: { x: "1" }, annotations: { x: "1" } };
const at = (group: string, resource: string): string => `/apis/${group}/v1/namespaces/shop/${resource}`;
const kinds: Readonly<Record<string, Kind>> = {
  pods: {
    target: "/api/v1/namespaces/shop/pods",
    pod: [],
    of: ({ metadata: more, spec }) => ({ ...about("v1", "Pod"), metadata: { ...metadata, ...more }, spec }),
  },
  deployments: {
    target: at("apps", "deployments"),
    pod: ["spec", "template"],
    of: (template) => ({ ...about("apps/v1", "Deployment"), metadata, spec: { replicas: 1, template } }),
  },
  cronjobs: {
    target: at("batch", "cronjobs"),
    pod: ["spec", "jobTemplate", "spec", "template"],
    of: (template) => ({
      ...about("batch/v1", "CronJob"),
      metadata,
      spec: { jobTemplate: { spec: { template } } },
    }),
  },
  "kinds that nobody knew": {
    target: at("example.com", "widgets"),
    pod: ["spec", "steps", "0", "run"],
    of: (run) => ({ ...about("example.com/v1", "Widget"), metadata, spec: { steps: [{ run }] } }),
  },
};

const pointer = (path: readonly string[]): string => path.map((part) => `/${part}`).join("");

/** The ways to write one pod over another, each with what it says. */
function ways(kind: Kind, pod: { metadata: object; spec: object }): readonly [How, unknown][] {
  const whole = kind.of(pod) as { metadata: object };
  const here = pointer(kind.pod);
  const isPod = kind.pod.length === 0;
  const set = (value: unknown, path: string): object => ({ op: "add", path, value });
  const annotated = set(isPod ? { x: "1", ...pod.metadata } : pod.metadata, `${here}/metadata`);
  const annotations = (pod.metadata as { annotations?: object }).annotations ?? {};
  const parts = isPod ? [set({ x: "1", ...annotations }, "/metadata/annotations")] : [annotated];
  const moved = (op: string, via: string): object[] => [
    set(pod.spec, `/metadata/${via}/x`),
    { op, from: `/metadata/${via}/x`, path: `${here}/spec` },
    ...parts,
  ];
  const merged: How[] = kind.target.includes("example.com") ? ["MERGE"] : ["MERGE", "STRATEGIC"];
  return [
    ["PUT", whole],
    ["APPLY", whole],
    ...merged.map((how) => [how, whole] as [How, unknown]),
    ["STEPS", [{ op: "replace", path: "", value: whole }]],
    ["STEPS", [set(pod.spec, `${here}/spec`), ...parts]],
    ...["move", "copy"].flatMap((op) =>
      ["annotations", "labels"].map((via) => ["STEPS", moved(op, via)] as [How, unknown]),
    ),
  ];
}

describe.each(Object.entries(kinds))("%s", (_, kind) => {
  const before = liveAs(kind.of({ metadata: {}, spec: harmless }));

  it.each(cases)("$control: $verdict, whatever the way: $spec $annotations", (each) => {
    const spec = { ...harmless, ...each.spec };
    const pod = { metadata: each.annotations === undefined ? {} : { annotations: each.annotations }, spec };
    const verdict = (said: string): string =>
      said === "permit" ? "pass" : said.replace(/^refused: .*/, "fail");
    const one = `${kind.target}/a`;
    expect(verdict(judgeChange(scopes, "POST", kind.target, kind.of(pod)))).toBe(each.verdict);
    for (const how of ["PUT", "APPLY"] as const)
      expect([how, verdict(judgeChange(scopes, how, one, kind.of(pod)))]).toEqual([how, each.verdict]);
    for (const [how, body] of ways(kind, pod))
      expect([how, body, verdict(judgeChange(scopes, how, one, body, before))]).toEqual([
        how,
        body,
        each.verdict,
      ]);
  });

  it.each(cases.filter(({ verdict }) => verdict === "fail"))(
    "$control: not in two writes either: $spec $annotations",
    (each) => {
      const spec: Record<string, unknown> = { ...harmless, ...each.spec };
      const pod = { metadata: each.annotations === undefined ? {} : { annotations: each.annotations }, spec };
      for (const part of [...Object.keys(spec), "metadata"]) {
        const { [part]: last, ...first } = spec;
        const half = {
          metadata: part === "metadata" ? {} : pod.metadata,
          spec: part === "containers" ? { ...first, ...harmless } : first,
        };
        if (part === "metadata") Object.assign(half.spec, spec);
        const opened = judgeChange(scopes, "PUT", `${kind.target}/a`, kind.of(half), before);
        for (const [how, body] of ways(kind, pod)) {
          const second = judgeChange(scopes, how, `${kind.target}/a`, body, liveAs(kind.of(half)));
          expect([part, last, how, opened === "permit" && second === "permit"]).toEqual([
            part,
            last,
            how,
            false,
          ]);
        }
      }
    },
  );
});

test("each control has cases of both verdicts", () => {
  for (const { name } of baseline)
    for (const verdict of ["pass", "fail"])
      expect([
        name,
        verdict,
        cases.some((each) => each.control === name && each.verdict === verdict),
      ]).toEqual([name, verdict, true]);
});

test("a pod that is confined by what it says of its users stays so, also by an apply", () => {
  const { target, of } = kinds["deployments"] as Kind;
  const containers = [{ name: "app", image: "a", securityContext: { procMount: "Unmasked" } }];
  const live = liveAs(of({ metadata: {}, spec: { hostUsers: false, containers } }));
  const patch = (spec: object): object => ({ spec: { template: { spec } } });
  const one = `${target}/a`;
  for (const how of ["MERGE", "STRATEGIC"] as const) {
    expect(judgeChange(scopes, how, one, patch({ hostUsers: null }), live)).toMatch(/procMount/);
    expect(judgeChange(scopes, how, one, patch({ dnsPolicy: "Default" }), live)).toBe("permit");
  }
  // What an apply leaves out may be taken away.
  expect(judgeChange(scopes, "APPLY", one, patch({ dnsPolicy: "Default" }), live)).toMatch(/procMount/);
});

test("an apply that says nothing of pods takes away nothing that confines them", () => {
  const { target, of } = kinds["deployments"] as Kind;
  const containers = [{ name: "app", image: "a", securityContext: { procMount: "Unmasked" } }];
  const live = liveAs(of({ metadata: {}, spec: { hostUsers: false, containers } }));
  const privileged = [{ name: "app", image: "a", securityContext: { privileged: true } }];
  for (const body of [{ metadata: { name: "a" } }, { metadata: { name: "a" }, spec: { replicas: 2 } }]) {
    expect(judgeChange(scopes, "APPLY", `${target}/a`, body, live)).toMatch(/procMount/);
    // What is there for itself stays, whatever the apply leaves out.
    const other = liveAs(of({ metadata: {}, spec: { containers: privileged } }));
    expect(judgeChange(scopes, "APPLY", `${target}/a`, body, other)).toBe("permit");
  }
});

test("a pod says of its users where the cluster looks for it, and nowhere else", () => {
  const { target, of } = kinds["deployments"] as Kind;
  const judge = (container: object, spec: object = {}): string =>
    judgeChange(scopes, "POST", target, of({ metadata: {}, spec: { containers: [container], ...spec } }));
  const unmasked = { name: "app", securityContext: { procMount: "Unmasked" } };
  expect(judge(unmasked, { hostUsers: false })).toBe("permit");
  // A cluster drops members that it does not know.
  const beside = { containers: [], initContainers: [], hostUsers: false };
  expect(judge({ ...unmasked, ...beside })).toMatch(/procMount/);
  expect(judge({ ...unmasked, securityContext: { procMount: "Unmasked", ...beside } })).toMatch(/procMount/);
});

test.each<[string, (name: string) => string]>([
  ["upper case", (name) => name.toUpperCase()],
  ["a capital letter", (name) => name.slice(0, 1).toUpperCase() + name.slice(1)],
  ["letters that Go takes for s and k", (name) => name.replaceAll("s", "\u017f").replaceAll("k", "\u212a")],
])("what is forbidden is so under a name in %s", (_, rename) => {
  const renamed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(renamed);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [rename(name), renamed(each)]));
  };
  const { target, of } = kinds["deployments"] as Kind;
  const forbidden = cases.filter(
    ({ verdict, annotations }) => verdict === "fail" && annotations === undefined,
  );
  expect(forbidden.length).toBeGreaterThan(40);
  for (const { spec } of [...forbidden, { spec: { serviceAccountName: "admin", nodeName: "a" } }])
    expect([
      spec,
      judgeChange(scopes, "POST", target, of({ metadata: {}, spec: renamed(spec) as object })),
    ]).toEqual([spec, expect.stringMatching(/^refused/)]);
});

test("a sysctl has one name", () => {
  const { target, of } = kinds["deployments"] as Kind;
  const judge = (sysctl: object): string =>
    judgeChange(
      scopes,
      "POST",
      target,
      of({ metadata: {}, spec: { securityContext: { sysctls: [sysctl] } } }),
    );
  expect(judge({ name: "kernel.shm_rmid_forced", value: "1" })).toBe("permit");
  expect(judge({ name: "kernel.shm_rmid_forced", Name: "kernel.msgmax", value: "1" })).toMatch(/sysctls/);
});

test("what is refused whole is not looked into", () => {
  let nested: unknown = true;
  for (let depth = 0; depth < 50; depth += 1) nested = { hostPath: nested };
  expect(findingsIn(nested)).toHaveLength(1);
  // So that nothing in it is excused by itself.
  const widget = (size: number): object => ({
    ...about("example.com/v1", "Widget"),
    metadata,
    spec: { size, allowPrivilegeEscalation: { hostPath: { path: "/" } } },
  });
  const { target } = kinds["kinds that nobody knew"] as Kind;
  const judge = (size: number): string =>
    judgeChange(scopes, "PUT", `${target}/a`, widget(size), liveAs(widget(1)));
  expect(judge(1)).toBe("permit");
  expect(judge(2)).toMatch(/allowPrivilegeEscalation/);
});
