import { writeSync } from "node:fs";
import { systemClock } from "../../kernel/clock.ts";
import { openAuditLog } from "../open.ts";
import { writeActs } from "./log.ts";

// A process to be killed: writes acts for ever, and says after each flush how many records are written.

/** Says it at once, or not at all where the reader lags behind: what is said later says more. */
function say(count: number): void {
  try {
    writeSync(1, `${count}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
}

const opened = await openAuditLog({
  folder: process.argv[2] ?? "",
  name: "gateway.test",
  clock: systemClock,
  sync: "batched",
  checkpointEvery: 20,
  segmentBytes: 200_000,
});
for (;;) {
  for (let i = 0; i < 20; i++) {
    writeActs(opened, 8);
    say(opened.written());
  }
  await new Promise((resolve) => setImmediate(resolve));
}
