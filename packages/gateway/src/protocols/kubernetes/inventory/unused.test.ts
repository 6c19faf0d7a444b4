import { expect, test } from "vitest";
import { scopeSchema } from "../scope.ts";
import { exec, seen, writing } from "./testing/seen.ts";
import { unused } from "./unused.ts";

const shop = "/api/v1/namespaces/shop";
const of = (written: object, ...acts: readonly string[]): readonly string[] | undefined =>
  unused(
    acts.map((act) => seen(act)),
    scopeSchema.parse(written),
    {},
  );

test("nothing was needed of a scope that covers nothing of it", () => {
  const scope = { resources: ["pods"], verbs: ["get"], namespaces: ["shop"] };
  expect(of(scope, `GET ${shop}/services`, "GET /apis")).toBeUndefined();
});

test("all of it was used", () => {
  const scope = {
    resources: ["pods", "pods/log"],
    verbs: ["get", "list"],
    namespaces: ["shop"],
    names: ["web-*"],
  };
  expect(of({ ...scope, names: undefined }, `GET ${shop}/pods`, `GET ${shop}/pods/web-1/log`)).toEqual([]);
  expect(of({ ...scope, verbs: ["get"] }, `GET ${shop}/pods/web-1`, `GET ${shop}/pods/web-1/log`)).toEqual(
    [],
  );
});

test("resources, verbs, namespaces, names and accounts that nobody needed", () => {
  const act = writing(
    `PATCH ${shop}/pods/a`,
    { spec: { serviceAccountName: "web" } },
    "application/merge-patch+json",
  );
  expect(
    of(
      {
        resources: ["pods", "services"],
        verbs: ["get", "patch"],
        namespaces: ["shop", "staging"],
        names: ["a", "b-*"],
        service_accounts: ["web", "worker"],
      },
      act,
    ),
  ).toEqual(["resource services", "verb get", "namespace staging", "name b-*", "service account worker"]);
});

test("accounts stay where no source shows what was written", () => {
  const scope = { resources: ["pods"], verbs: ["patch"], namespaces: ["shop"], service_accounts: ["web"] };
  expect(of(scope, `PATCH ${shop}/pods/a`)).toEqual([]);
});

test("the whole cluster where one namespace was enough", () => {
  const scope = { resources: ["pods"], verbs: ["list"], cluster: true };
  expect(of(scope, "GET /api/v1/pods")).toEqual([]);
  expect(of(scope, `GET ${shop}/pods`)).toEqual(["namespace any", "cluster"]);
});

test("commands, containers, pods, input, terminals and ports", () => {
  const pods = { namespaces: ["shop", "staging"], names: ["web-*", "db-0"] };
  const scope = {
    exec: {
      ...pods,
      containers: ["app", "side"],
      commands: [["ls", "*"], ["df"]],
      stdin: true,
      terminal: true,
    },
    port_forward: { ...pods, ports: [80, 81] },
  };
  expect(
    of(
      scope,
      exec("web-1", ["ls", "-l"], { tty: "true" }),
      `POST ${shop}/pods/db-0/portforward\nupgrade: websocket\nforwarded-port: 81`,
    ),
  ).toEqual([
    "exec namespace staging",
    "exec pod db-0",
    "exec container side",
    'exec command ["df"]',
    "exec standard input",
    "port-forward namespace staging",
    "port-forward pod web-*",
    "port-forward port 80",
  ]);
  expect(
    of(
      { port_forward: { ...pods, ports: [80, 81] } },
      `POST ${shop}/pods/db-0/portforward\nupgrade: websocket`,
    ),
  ).toEqual(["port-forward namespace staging", "port-forward pod web-*"]);
});
