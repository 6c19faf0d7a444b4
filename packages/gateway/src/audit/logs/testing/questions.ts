import type { Clock } from "../../../kernel/clock.ts";
import type { Lane, LogQuestions } from "../port.ts";

interface Row {
  readonly id: string;
  readonly log: string;
  readonly lane: Lane;
  readonly body: string;
  readonly at: number;
  answer?: string;
}

/** Questions in memory, as the store hands them on. */
export function questionsInMemory(clock: Pick<Clock, "monotonic">) {
  let rows: Row[] = [];
  const questions: LogQuestions = {
    async ask(asked) {
      rows.push(...asked.map((one) => ({ ...one, at: clock.monotonic() })));
    },
    async answers(ids) {
      return new Map(
        rows.flatMap(({ id, answer }): [string, string][] =>
          ids.includes(id) && answer !== undefined ? [[id, answer]] : [],
        ),
      );
    },
    async forget(ids) {
      rows = rows.filter(({ id }) => !ids.includes(id));
    },
    async forgetOld() {
      rows = rows.filter(({ at }) => clock.monotonic() - at < 30_000);
    },
    async next(log, lane) {
      const age = ({ at }: Row): number => clock.monotonic() - at;
      const row = rows.find((one) => one.log === log && one.lane === lane && one.answer === undefined);
      return row === undefined ? undefined : { id: row.id, body: row.body, age: age(row) };
    },
    async answer(id, body) {
      for (const row of rows) if (row.id === id) row.answer = body;
    },
  };
  return { questions, rows: (): readonly Row[] => rows };
}
