import type { Socket } from "node:net";
import { decodeDataRow, decodeFields } from "../wire/codec.ts";
import { createMessageReader, type } from "../wire/framing.ts";
import { queryMessage } from "../wire/messages.ts";
import { UpstreamError } from "./connect.ts";

/** Answers to the gateway's own questions are some hundred bytes a row. */
const MAX_MESSAGE_BYTES = 65_536;
const MAX_ANSWER_BYTES = 4_194_304;

/**
 * What the database shows of the gateway's own connections in pg_stat_activity: they look whether it answers, and end
 * what must not run on.
 */
export const ownConnection: ReadonlyMap<string, string> = new Map([["application_name", "mayfly probe"]]);

/**
 * Asks a server that is logged in and idle one simple query of the gateway's own, and reads its rows as text. The
 * socket is left paused, and destroyed when the server has not answered to the end. Whoever destroys the socket ends
 * the wait.
 * @throws UpstreamError
 */
export function ask(socket: Socket, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const reader = createMessageReader(MAX_MESSAGE_BYTES);
  const rows: (readonly (string | null)[])[] = [];
  let said = 0;
  let failed: UpstreamError | undefined;
  return new Promise((resolve, reject) => {
    const over = (): void => {
      socket.off("close", closed);
      socket.off("data", read);
      socket.pause();
    };
    const fail = (why: string, code = "08006"): void => {
      over();
      socket.destroy();
      reject(new UpstreamError(code, why, "see the database's own log"));
    };
    const closed = (): void => fail("the database closed the connection");
    const read = (bytes: Buffer): void => {
      said += bytes.length;
      if (said > MAX_ANSWER_BYTES) return fail("the database answers without end");
      try {
        reader.add(bytes);
        for (let message = reader.next(); message !== undefined; message = reader.next()) {
          const { body } = message;
          if (message.type === type.dataRow) rows.push(decodeDataRow(body, 0, body.length));
          if (message.type === type.errorResponse) {
            const { code, severity } = decodeFields(body, 0, body.length);
            const why = `the database answers the gateway with an error (SQLSTATE ${code})`;
            if (severity === "FATAL" || severity === "PANIC") return fail(why, code);
            failed = new UpstreamError(code, why, "see the database's own log");
          }
          if (message.type === type.readyForQuery) {
            over();
            return failed === undefined ? resolve(rows) : reject(failed);
          }
        }
      } catch {
        return fail("the database does not answer in PostgreSQL's protocol");
      }
      return undefined;
    };
    if (socket.destroyed) return fail("the database closed the connection");
    socket.once("close", closed);
    socket.on("data", read);
    socket.write(queryMessage(sql));
    socket.resume();
    return undefined;
  });
}
