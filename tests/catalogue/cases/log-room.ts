import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createSpace } from "../../../packages/gateway/src/audit/files/space.ts";
import { createPaces } from "../../../packages/gateway/src/gate/limits/pace.ts";
import { GIB } from "../../../packages/gateway/src/kernel/byte-sizes.ts";
import type { Act, Case } from "../case.ts";

/** A hundred acts of one session at once, each with a record of 1 KiB. */
const hundred: Act = async (load) => {
  const { limits } = (await load()).configuration;
  const pace = createPaces({ clock: fakeClock(), limits: () => limits, count: () => undefined })(
    "gr_1",
    "bot",
  );
  for (let act = 0; act < 100; act++) {
    const denial = pace.refusal();
    if (denial !== undefined) return `${denial.rule} | act ${act + 1}`;
    pace.spend(1024, false);
  }
  return "passed";
};

/** Whether anything begins while the log's disk, of 100 GiB, has one left. */
const begins: Act = async (load) => {
  const { reserve } = (await load()).configuration.audit;
  const ask = () => ({ free: GIB, size: 100 * GIB });
  return createSpace("/log", { reserve, onChange: () => undefined, ask }).low ?? "passed";
};

export const logRoom: readonly Case[] = [
  { at: ["audit", "reserve"], narrow: "2GiB", wide: undefined, refused: /the last 2\.0 GiB/, act: begins },
  {
    at: ["limits", "acts_per_second"],
    narrow: 1,
    wide: undefined,
    // A minute's worth, and what waits no longer than 10 s.
    refused: /^pace \| act 71$/,
    act: hundred,
  },
  {
    at: ["limits", "record_bytes_per_second"],
    narrow: 1024,
    wide: undefined,
    refused: /^pace \| act 71$/,
    act: hundred,
  },
];
