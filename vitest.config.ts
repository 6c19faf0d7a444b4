import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** How long `expect.poll` looks again: a busy machine may take a while over what is a moment elsewhere. */
const POLLING = { poll: { timeout: 15_000 } };

// One suite a kind of test, so that `npm run check` can run the quick one alone. Each is a group of its own: vitest runs
// no two projects in one group that have different numbers of workers.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          expect: POLLING,
          include: [
            "packages/*/src/**/*.test.{ts,tsx}",
            "tests/unit/**/*.test.ts",
            "tests/catalogue/**/*.test.ts",
            "bench/**/*.test.ts",
          ],
          exclude: ["**/*.integration.test.ts", "**/*.siege.test.ts", "**/node_modules/**"],
          testTimeout: 60_000,
          // They wait for nobody: both cores of a small machine.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "integration",
          expect: POLLING,
          include: ["packages/*/src/**/*.integration.test.ts", "tests/integration/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "e2e",
          expect: POLLING,
          include: ["tests/e2e/**/*.test.ts", "tests/clients/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: "browser",
          expect: POLLING,
          include: ["tests/browser/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // Each file has a browser and a gateway of its own: two at a time are enough for a small machine.
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          // What measures time and memory, for `npm run siege` alone: one file at a time, when nothing else runs.
          name: "siege",
          expect: POLLING,
          include: ["tests/siege/**/*.test.ts", "packages/*/src/**/*.siege.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
