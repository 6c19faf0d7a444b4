import { realFiles, type LogFiles } from "../../packages/gateway/src/audit/files/files.ts";
import { openAuditLog } from "../../packages/gateway/src/audit/open.ts";
import { systemClock } from "../../packages/gateway/src/kernel/clock.ts";
import { sessionOpened } from "../session-record.ts";

/** Nothing waits for the disk. */
const files: LogFiles = { ...realFiles, syncNow: () => undefined, sync: () => Promise.resolve() };
/** Acts of one session, between two checkpoints; a gateway has many of them. */
const ACTS_OF_SESSION = 1000;
/** About: an act and its outcome. */
const ACT_BYTES = 370;

/** A word that one act of the log holds, the first. */
export const RARE_WORD = "quagga";

/** Writes a log of about so many bytes. @param segmentBytes size of its files; left out: as the gateway's */
export async function writeLog(folder: string, bytes: number, segmentBytes?: number): Promise<void> {
  const opened = await openAuditLog({
    folder,
    name: "bench",
    clock: systemClock,
    sync: "batched",
    checkpointEvery: 60_000,
    files,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  });
  const { log } = opened;
  const acts = Math.ceil(bytes / ACT_BYTES);
  for (let written = 0; written < acts;) {
    const session = log.append(sessionOpened(written));
    log.flush();
    const writer = log.writer(session);
    for (let act = 0; act < ACTS_OF_SESSION && written < acts; act += 1) {
      const word = written === 0 ? RARE_WORD : "status";
      const sql = `select ${word} from orders where id = ${written}`;
      const intent = writer.append("act.intent", `{"act":{"kind":"query","sql":"${sql}"}}`);
      writer.append("act.outcome", `{"bytes":56,"intent":${intent},"rows":1,"tag":"SELECT 1"}`);
      written += 1;
      if (act % 16 === 15) log.flush();
    }
    log.flush();
    await log.sync();
    await opened.checkpointNow();
  }
  await log.close();
}
