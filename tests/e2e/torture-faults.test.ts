// tier: full
import { expect, test } from "vitest";
import { runFaults } from "../torture/faults.ts";

// The short version of `npm run torture -- faults`.

/** How soon something is noticed is measured by `npm run torture`; here a busy machine may take its time. */
const slackMs = 60_000;

test(
  "its files go under load: it says so, and answers nothing that it cannot record",
  { timeout: 600_000 },
  async () => {
    const only =
      "^(the folder is replaced by an empty one|the file of records is overwritten in the middle|somebody else appends.*|the log's disk is full|the store's file is removed)$";
    const results = await runFaults({ only, slackMs });
    expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(4);
  },
);
