// A process that writes more of its log than anybody reads, and goes on with its work meanwhile.
import { createLogger } from "../logger.ts";

const LINES = 40_000;

const logger = createLogger("info");
for (let count = 0; count < LINES; count += 1) logger.info({ count, filling: "x".repeat(200) }, "flood");
process.on("message", (asked) => {
  if (asked !== "again") return;
  logger.info("after the flood");
  process.disconnect();
});
process.send?.("at work");
if (process.argv[2] === "end") setTimeout(() => process.exit(7), 50);
