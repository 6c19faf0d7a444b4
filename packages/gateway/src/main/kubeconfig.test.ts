import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Grant } from "../grants/types.ts";
import { accessOf } from "./access.ts";

const grant = { id: "gr_0000000000000001", connection: "prod-cluster" } as Grant;
const ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const doors = { url: "https://mayfly.internal:8443/", postgresPort: undefined, ca };

test("a grant's kubeconfig holds its bearer once, with its secret", () => {
  const access = accessOf(grant, "kubernetes", doors, "s3cret");
  expect(access).toMatchObject({
    protocol: "kubernetes",
    url: "https://mayfly.internal:8443/kubernetes/prod-cluster",
    secret: "gr_0000000000000001.s3cret",
  });
  expect(parse(access.kubeconfig ?? "")).toMatchObject({
    kind: "Config",
    "current-context": "mayfly-prod-cluster",
    clusters: [
      {
        cluster: {
          server: "https://mayfly.internal:8443/kubernetes/prod-cluster",
          "certificate-authority-data": Buffer.from(ca).toString("base64"),
        },
      },
    ],
    users: [{ user: { token: "gr_0000000000000001.s3cret" } }],
  });
});

test("without the secret it asks the mayfly command for a token", () => {
  const { kubeconfig = "" } = accessOf(grant, "kubernetes", { ...doors, ca: undefined }, undefined);
  expect(parse(kubeconfig)).toMatchObject({
    users: [
      {
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1",
            command: "mayfly",
            args: ["credential", "--url", "https://mayfly.internal:8443"],
            interactiveMode: "Never",
          },
        },
      },
    ],
  });
  expect(kubeconfig).not.toMatch(/certificate-authority|token:/);
});

test("other protocols have none", () => {
  expect(accessOf(grant, "http", doors, "s3cret").kubeconfig).toBeUndefined();
});
