import { expect, test } from "vitest";
import { parse } from "yaml";
import { kubernetesAccess } from "./access.ts";

const grant = { id: "gr_0000000000000001", connection: "prod-cluster" };
const ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const endpoints = { url: "https://mayfly.internal:8443", ca };

test("a grant's kubeconfig holds its bearer once, with its secret", () => {
  const access = kubernetesAccess({ ...grant, secret: "s3cret" }, endpoints);
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
  const { kubeconfig = "" } = kubernetesAccess(grant, { ...endpoints, ca: undefined });
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
