import { expect, test } from "vitest";
import { createTurns, MAX_UNITS_PER_TURN } from "./turns.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const { principal: each, total } = MAX_UNITS_PER_TURN;

test("the sessions of one principal share what it has of a turn, and each turn brings it anew", async () => {
  const turns = createTurns();
  const [one, other] = [turns.join("a"), turns.join("a")];
  one.spend(each - 1);
  expect([one.isUsedUp(), other.isUsedUp()]).toEqual([false, false]);
  other.spend(1);
  expect([one.isUsedUp(), other.isUsedUp()]).toEqual([true, true]);
  expect(turns.join("b").isUsedUp()).toBe(false);
  await nextTurn();
  expect([one.isUsedUp(), other.isUsedUp()]).toEqual([false, false]);
});

test("all principals together have no more of a turn than the total", () => {
  const turns = createTurns();
  for (let at = 0; at < total / each; at += 1) {
    expect(turns.join("late").isUsedUp()).toBe(false);
    turns.join(`p${at}`).spend(each);
  }
  expect(turns.join("late").isUsedUp()).toBe(true);
});

test("sessions that wait go on in a later turn, the principals in turn, as many as a turn has room for", async () => {
  const turns = createTurns();
  const done: string[] = [];
  const wait = (who: string, name: string): void => {
    const share = turns.join(who);
    share.wait(() => {
      done.push(name);
      share.spend(each / 2);
    });
  };
  for (const name of ["a1", "a2", "a3", "a4", "a5"]) wait("a", name);
  wait("b", "b1");
  expect(done).toEqual([]);
  await nextTurn();
  expect(done).toEqual(["a1", "b1", "a2"]);
  await nextTurn();
  expect(done.slice(3)).toEqual(["a3", "a4"]);
  await nextTurn();
  expect(done.slice(5)).toEqual(["a5"]);
});

test("a session waits once however often it is told to, and not at all once it is over", async () => {
  const turns = createTurns();
  const share = turns.join("a");
  const over = turns.join("a");
  let done = 0;
  const goOn = (): void => {
    done += 1;
  };
  const never = (): void => {
    done += 100;
  };
  share.wait(goOn);
  share.wait(goOn);
  over.wait(never);
  over.leave(never);
  await nextTurn();
  await nextTurn();
  expect(done).toBe(1);
});
