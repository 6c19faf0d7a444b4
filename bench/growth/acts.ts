import type { Session, SessionEnd, TurnSender } from "../../packages/gateway/src/gate/gate.ts";
import type { PostgresAct, PostgresCover } from "../../packages/gateway/src/protocols/postgres/act.ts";
import { turnOver } from "./measure.ts";

/** Acts of one turn: their records are written together. */
const ACTS_OF_TURN = 16;

/** What sends a session's acts on: nothing. */
export const sender: TurnSender = { leave: () => undefined, refuse: () => undefined };

/** One turn's acts, each judged, recorded and completed. @param sqlOf the text of the act of that number */
export async function actTurn(
  session: Session<PostgresAct, PostgresCover>,
  at: number,
  sqlOf: (number: number) => string,
): Promise<void> {
  for (let act = 0; act < ACTS_OF_TURN; act += 1) {
    const sql = sqlOf(at * ACTS_OF_TURN + act);
    const decision = session.judge({ sql }, JSON.stringify({ kind: "query", sql }));
    if (decision.kind !== "permit") throw new Error(decision.denial.message);
    session.complete(decision.permit, { rows: 1, bytes: 56, tag: "SELECT 1" });
  }
  await turnOver();
}

/** A cost of a turn as that of one act. */
export const ofAct = (microseconds: number): number => microseconds / ACTS_OF_TURN;

/** How a session is closed. */
export const over: SessionEnd = { cause: "client_gone", words: "over" };
