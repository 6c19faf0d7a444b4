// A process whose log finds no room on its disk, and that goes on with its work, and ends.
import { openSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { createLogger } from "../logger.ts";

const logger = createLogger("info", openSync("/dev/full", "w"));
logger.info("one");
await pause(50);
logger.info("another");
await pause(50);
logger.info("the last, which waits when the process ends");
process.send?.("at work");
process.exit(7);
