// Logs of so many bytes of records of sessions' acts, in files of 8 MiB. `MAYFLY_GROWTH_MB="10 100 1000 3000"` for others.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFolder } from "./measure.ts";
import { printRows, rowsAt, type Figure } from "./table.ts";
import { writeLog } from "./write-log.ts";

const sizes = (process.env["MAYFLY_GROWTH_MB"] ?? "10 100 1000").split(" ").map(Number);
const child = fileURLToPath(new URL("log-child.ts", import.meta.url));

/** Each in a process of its own, as a start is. */
function inProcess(folder: string): Readonly<Record<string, Figure>> {
  const { stdout, status } = spawnSync(process.execPath, [child, folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error("it failed");
  return JSON.parse(stdout) as Readonly<Record<string, Figure>>;
}

const rows = await rowsAt(sizes, (size) =>
  withFolder(async (folder) => {
    await writeLog(join(folder, "audit"), size * 1_000_000);
    return inProcess(folder);
  }),
);
printRows("MB of the log", rows);
