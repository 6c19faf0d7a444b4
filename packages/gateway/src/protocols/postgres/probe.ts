import type { Socket } from "node:net";
import type { ProbeResult } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import { decodeFields } from "./codec.ts";
import { createMessageReader, type } from "./framing.ts";
import { queryMessage, terminate } from "./messages.ts";
import type { Target } from "./target.ts";
import { connectUpstream, UpstreamError } from "./upstream.ts";

/** The answer to `select 1` is some eighty bytes. */
const largestMessage = 65_536;
const longestAnswer = 1_048_576;

/** What the database shows of this connection in pg_stat_activity. */
const parameters: ReadonlyMap<string, string> = new Map([["application_name", "mayfly probe"]]);

/**
 * Logs in as the gateway does for a session, and asks `select 1`.
 * @param signal gives up when it aborts
 * @throws UpstreamError whose message names no credential
 */
export async function probe(target: Target, clock: Clock, signal: AbortSignal): Promise<ProbeResult> {
  const started = clock.monotonic();
  const { socket } = await connectUpstream(target, parameters, clock, signal);
  const giveUp = (): void => {
    socket.destroy();
  };
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    socket.write(queryMessage("select 1"));
    await answered(socket);
    socket.end(terminate);
    return { milliseconds: Math.round((clock.monotonic() - started) * 10) / 10 };
  } finally {
    signal.removeEventListener("abort", giveUp);
    socket.destroySoon();
  }
}

/** Waits until the server is ready again. @throws UpstreamError */
function answered(socket: Socket): Promise<void> {
  const reader = createMessageReader(largestMessage);
  let said = 0;
  return new Promise((resolve, reject) => {
    const fail = (why: string, code = "08006"): void =>
      reject(new UpstreamError(code, why, "see the database's own log"));
    socket.once("close", () => fail("the database closed the connection"));
    socket.on("data", (bytes: Buffer) => {
      said += bytes.length;
      if (said > longestAnswer) return fail("the database answers without end");
      try {
        reader.add(bytes);
        for (let message = reader.next(); message !== undefined; message = reader.next()) {
          if (message.type === type.errorResponse) {
            const { code } = decodeFields(message.body, 0, message.body.length);
            return fail(`the database answers select 1 with an error (SQLSTATE ${code})`, code);
          }
          if (message.type === type.readyForQuery) return resolve();
        }
      } catch {
        return fail("the database does not answer in PostgreSQL's protocol");
      }
      return undefined;
    });
    socket.resume();
  });
}
