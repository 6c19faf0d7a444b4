import { writeSync } from "node:fs";
import { systemClock } from "../../kernel/clock.ts";
import { openAuditLog } from "../open.ts";
import { writeActs } from "./log.ts";

// A process to be killed: writes acts for ever, and says after each flush how many records are written.
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
    writeSync(1, `${opened.written()}\n`);
  }
  await new Promise((resolve) => setImmediate(resolve));
}
