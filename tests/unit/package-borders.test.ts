import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";

// What stands beside the gateway knows it by its API alone, and its tests come to the gateway's parts through
// @mayfly/testing. The linter holds the sources to it; this holds the tests to it too.

const packages = [
  "audit-verifier",
  "cli",
  "console",
  "kubernetes-stand-in",
  "okta-stand-in",
  "sdk",
  "slack-stand-in",
];

/** Files that import the gateway's sources all the same, and why. */
const exceptions: Readonly<Record<string, string>> = {
  "packages/console/src/pages/activity/canonical.test.ts":
    "compares the browser's canonical JSON with the gateway's",
  "packages/console/src/pages/activity/filters.test.ts":
    "compares the filters with the gateway's record types",
  "packages/console/src/pages/activity/words.test.ts":
    "compares the sentences with the gateway's record types",
  "packages/console/src/pages/sign-in/return.test.ts":
    "compares the sentences with the gateway's refusals of a sign-in",
  "packages/kubernetes-stand-in/src/spdy-server.ts":
    "frames by the gateway's SPDY codec, which the tests hold to a real kubectl",
};

const sources = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => path.posix.join(folder, file));

test("what stands beside the gateway does not reach into its sources", () => {
  const files = packages.flatMap((name) => sources(`packages/${name}/src`));
  expect(files.length).toBeGreaterThan(200);
  const reaching = files.filter((file) =>
    /["'][^"'\n]*gateway\/src\//.test(readFileSync(path.join(root, file), "utf8")),
  );
  expect(reaching.toSorted()).toEqual(Object.keys(exceptions).toSorted());
});

test("neither tests, the demo nor the benchmarks import from one another: what they share is in packages/testing", () => {
  const places = ["tests", "demo", "bench"] as const;
  const crossing = places.flatMap((place) =>
    sources(place).filter((file) => {
      const imports = readFileSync(path.join(root, file), "utf8").matchAll(/from "(\.[^"]+)"/g);
      return [...imports].some(([, target = ""]) => {
        const [top = ""] = path.posix.join(path.posix.dirname(file), target).split("/");
        return top !== place && (places as readonly string[]).includes(top);
      });
    }),
  );
  expect(crossing).toEqual([]);
});
