import { afterEach, beforeEach } from "vitest";
import { harness, type Harness, type HarnessOptions } from "./harness.ts";

/** Makes a harness before each test of a file, and closes it after. @param use told of each one */
export function useHarness(options: HarnessOptions, use: (made: Harness) => void): void {
  let made: Harness | undefined;
  beforeEach(async () => {
    made = await harness(options);
    use(made);
  });
  afterEach(() => made?.close());
}
