import { expect, test } from "vitest";
import type { Configuration } from "../../configuration/types.ts";
import { sharedFolder, workerConfiguration } from "./place.ts";

const address = { host: "127.0.0.1", port: 0, allowInsecureLoopback: false };
const configuration = {
  digest: "sha256:d",
  url: "https://mayfly.test",
  dataFolder: "/data",
  listen: { https: address, ports: new Map([["postgres", address]]) },
  store: { kind: "postgres" },
  limits: { connections: 1001, connectionsPerAddress: 100, sessionsPerGrant: 10 },
  audit: {
    folder: "/data/audit",
    name: "mayfly.test",
    sync: "batched",
    witnessed: "/elsewhere/mayfly.checkpoints",
    retention: { keep: 1, archive: "/archive" },
    checkpoints: {
      every: 1,
      to: [
        { kind: "file", name: "f", path: "/out/checkpoints" },
        { kind: "folder", name: "d", path: "/out/folder" },
        { kind: "s3", name: "s", prefix: "mayfly/" },
        { kind: "webhook", name: "w", url: "https://out.test" },
      ],
    },
  },
  export: {
    holdBack: 1,
    destinations: [
      { name: "lines", target: { kind: "file", path: "/out/records.jsonl" } },
      { name: "siem", target: { kind: "splunk", url: "https://splunk.test" } },
    ],
  },
} as unknown as Configuration;

test("a gateway that is one process has the configuration as it is", () => {
  expect(workerConfiguration(configuration, undefined)).toBe(configuration);
  expect(sharedFolder(configuration, undefined)).toBe("/data");
});

test("each worker writes nowhere where another does, and shares what clients and the store see", () => {
  const [one, two] = [1, 2].map((own) => workerConfiguration(configuration, { own, count: 2 }));
  expect(one).toMatchObject({ digest: "sha256:d", url: "https://mayfly.test", store: configuration.store });
  expect(two).toMatchObject({
    dataFolder: "/data/worker-2",
    audit: {
      folder: "/data/audit/worker-2",
      name: "mayfly.test-2",
      sync: "batched",
      witnessed: "/elsewhere/worker-2/mayfly.checkpoints",
      retention: { keep: 1, archive: "/archive/worker-2" },
      checkpoints: {
        to: [
          { path: "/out/worker-2/checkpoints" },
          { path: "/out/folder/worker-2" },
          { prefix: "mayfly/worker-2/" },
          { url: "https://out.test" },
        ],
      },
    },
    export: {
      holdBack: 1,
      destinations: [{ target: { path: "/out/worker-2/records.jsonl" } }, { target: { kind: "splunk" } }],
    },
  });
  expect(two && sharedFolder(two, { own: 2, count: 2 })).toBe("/data");
  const placesOf = (text: string): readonly string[] => text.match(/"\/(?:data|out|archive)[^"]*"/g) ?? [];
  const theirs = new Set(placesOf(JSON.stringify(two)));
  expect(placesOf(JSON.stringify(one)).filter((place) => theirs.has(place))).toEqual([]);
});

test("workers listen where the first one does, and have together as many connections as the file says", () => {
  const placed = workerConfiguration(configuration, {
    own: 2,
    count: 2,
    ports: { https: 8443, postgres: 6432 },
  });
  expect(placed.listen.https.port).toBe(8443);
  expect(placed.listen.ports.get("postgres")?.port).toBe(6432);
  expect(placed.limits).toEqual({ connections: 501, connectionsPerAddress: 50, sessionsPerGrant: 10 });
});

test("a port that the file names shows in every worker, so that a reload that changes it is refused", () => {
  const moved = { ...configuration, listen: { https: { ...address, port: 9443 }, ports: new Map() } };
  const place = { own: 1, count: 2, ports: { https: 8443 } };
  expect(workerConfiguration(moved, place).listen.https.port).toBe(9443);
});
