import { systemClock } from "../../../packages/gateway/src/kernel/clock.ts";
import { atDesk, stateOf } from "../acts/grants.ts";
import { loads, type Case, type Document } from "../case.ts";

const day = 86_400_000;
const dayIn = (days: number): string => new Date(systemClock.wall() + days * day).toISOString().slice(0, 10);

const names = ["orders", "billing", "prod", "crm"];

/** A policy about what is observed. */
const about =
  (connection: string) =>
  (document: Document): void => {
    document.policies[0] = { ...document.policies[0], connection, operations: ["observe"] };
  };

/** Asks for what is observed on a connection. */
const ask = (connection: string) =>
  atDesk(async (desk) => {
    desk.clock.stepWall(systemClock.wall() - desk.clock.wall());
    return stateOf(await desk.ask({ connection, operations: ["observe"] }));
  });

/** A connection that is observed, of every kind: it can be asked for, and not once it is over. */
export const observeCases: readonly Case[] = names.flatMap((name): readonly Case[] => [
  {
    at: ["connections", name, "observe"],
    narrow: undefined,
    wide: { until: dayIn(7) },
    refused: /^configuration \| \w+ has no operation of this name/,
    base: about(name),
    act: loads,
  },
  {
    at: ["connections", name, "observe", "until"],
    narrow: dayIn(-2),
    wide: dayIn(7),
    refused: /observe ended at .*; ask for the operations that the task needs/,
    base: about(name),
    act: ask(name),
  },
]);
