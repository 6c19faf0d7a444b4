// tier: gate
import { expect, test } from "vitest";
import { type CloseOptions, readInstallation } from "./options.ts";

const nothing: CloseOptions = {
  config: "mayfly.yaml",
  gateway: [],
  keep: [],
  address: [],
  account: "mayfly/mayfly",
  json: false,
};

test("options are read whole", () => {
  const read = readInstallation({
    ...nothing,
    gateway: ["10.0.0.5", "namespace:mayfly", "2001:db8::/32", "10.0.0.5/32"],
    keep: ["postgres", "dba@10.0.9.0/24", "odd@name@10.0.0.9"],
    address: ["10.0.0.20"],
    gatewayUser: "mayfly",
    agentNamespace: "agents",
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
    ],
    addresses: ["10.0.0.20/32"],
    gatewayUser: "mayfly",
    agentNamespace: "agents",
    agentUnit: "bot@1.service",
    targetPods: { app: "db", "example.com/tier": "" },
    account: { namespace: "prod", name: "gateway.v1" },
  });
});

test.each<[string, Partial<CloseOptions>, string]>([
  ["a name for an address", { gateway: ["gateway.internal"] }, "gateway.internal: this is no address"],
  ["everybody", { gateway: ["0.0.0.0/0"] }, "0.0.0.0/0: this is everybody"],
  ["everybody who is kept", { keep: ["dba@::/0"] }, "::/0: this is everybody"],
  ["a namespace that is none", { gateway: ["namespace:A b"] }, '--gateway "A b" cannot be read'],
  ["a role without a name", { keep: ["@10.0.0.9"] }, '--keep "@10.0.0.9" cannot be read'],
  ["a kept role without an address", { keep: ["dba@"] }, "this is no address"],
  ["a target's name", { address: ["db.internal"] }, "db.internal: this is no address"],
  ["an account without a namespace", { account: "mayfly" }, '--account "mayfly" cannot be read'],
  ["an account with too many parts", { account: "a/b/c" }, '--account "a/b/c" cannot be read'],
  ["a namespace of agents that is none", { agentNamespace: "-n x" }, '--agent-namespace "-n x"'],
  ["a unit that leads elsewhere", { agentUnit: "../x.service" }, '--agent-unit "../x.service"'],
  ["a unit that is none", { agentUnit: "x" }, '--agent-unit "x"'],
  ["an account with a quote", { gatewayUser: 'a" accept' }, "--gateway-user"],
  ["labels that are none", { targetPods: "app" }, '--target-pods "app" cannot be read'],
  ["a label with a quote", { targetPods: "app='x'" }, "--target-pods"],
])("%s is refused", (_, given, why) => {
  expect(() => readInstallation({ ...nothing, ...given })).toThrow(why);
});
