// tier: gate
import { expect, test } from "vitest";
import { type CloseOptions, readInstallation } from "./options.ts";

const nothing: CloseOptions = {
  config: "mayfly.yaml",
  gateway: [],
  entry: [],
  keep: [],
  peer: [],
  address: [],
  json: false,
};

test("options are read whole", () => {
  const read = readInstallation({
    ...nothing,
    gateway: ["10.0.0.5", "namespace:mayfly", "2001:db8::/32", "10.0.0.5/32"],
    keep: ["postgres", "dba@10.0.9.0/24", "odd@name@10.0.0.9", "odd@name@"],
    peer: ["10.0.0.21"],
    address: ["10.0.0.20"],
    gatewayUser: "mayfly",
    agentNamespace: "agents",
    entry: ["10.0.0.80"],
    agentUnit: "bot@1.service",
    targetPods: "app=db,example.com/tier=",
    account: "prod/gateway.v1",
  });
  expect(read).toEqual({
    gateways: ["10.0.0.5/32", "2001:db8::/32"],
    gatewayNamespaces: ["mayfly"],
    kept: [
      { role: "postgres" },
      { role: "dba", from: "10.0.9.0/24" },
      { role: "odd@name", from: "10.0.0.9/32" },
      { role: "odd@name" },
    ],
    peers: ["10.0.0.21/32"],
    addresses: ["10.0.0.20/32"],
    gatewayUser: "mayfly",
    agentNamespace: "agents",
    agentUnit: "bot@1.service",
    targetPods: { app: "db", "example.com/tier": "" },
    entries: ["10.0.0.80/32"],
    account: { kind: "ServiceAccount", namespace: "prod", name: "gateway.v1" },
  });
});

test.each<[string, Partial<CloseOptions>, string]>([
  [
    "a name for an address",
    { gateway: ["gateway.internal"] },
    "--gateway gateway.internal: this is no address",
  ],
  ["everybody", { gateway: ["0.0.0.0/0"] }, "--gateway 0.0.0.0/0: this is everybody"],
  ["everybody who is kept", { keep: ["dba@::/0"] }, "--keep dba@::/0: this is everybody"],
  ["a namespace that is none", { gateway: ["namespace:A b"] }, '--gateway "A b" cannot be read'],
  ["a role without a name", { keep: ["@10.0.0.9"] }, '--keep "@10.0.0.9" cannot be read'],
  ["a kept role's name for an address", { keep: ["odd@name"] }, "--keep odd@name: this is no address"],
  ["a group of roles", { keep: ["+admins"] }, '--keep "+admins" cannot be read'],
  ["a target's name", { address: ["db.internal"] }, "--address db.internal: this is no address"],
  ["an account without a namespace", { account: "mayfly" }, '--account "mayfly" cannot be read'],
  ["an account with too many parts", { account: "a/b/c" }, '--account "a/b/c" cannot be read'],
  ["a namespace of agents that is none", { agentNamespace: "-n x" }, '--agent-namespace "-n x"'],
  ["a unit that leads elsewhere", { agentUnit: "../x.service" }, '--agent-unit "../x.service"'],
  ["a unit that is no service", { agentUnit: "agents.slice" }, '--agent-unit "agents.slice"'],
  ["a template of units", { agentUnit: "bot@.service" }, '--agent-unit "bot@.service"'],
  ["a user of the cluster's own", { account: "user:system:admin" }, '--account "user:system:admin"'],
  ["a unit that is none", { agentUnit: "x" }, '--agent-unit "x"'],
  ["an account with a quote", { gatewayUser: 'a" accept' }, "--gateway-user"],
  ["labels that are none", { targetPods: "app" }, '--target-pods "app" cannot be read'],
  ["a label with a quote", { targetPods: "app='x'" }, "--target-pods"],
])("%s is refused", (_, given, why) => {
  expect(() => readInstallation({ ...nothing, ...given })).toThrow(why);
});

test("a gateway with a certificate is a user", () => {
  expect(readInstallation({ ...nothing, account: "user:mayfly.prod" }).account).toEqual({
    kind: "User",
    name: "mayfly.prod",
  });
});
