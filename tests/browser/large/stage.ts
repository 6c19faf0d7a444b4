import { type SeededWorld, startSeededWorld } from "@mayfly/testing/seeded/world.ts";
import { type Stage, useStageOf } from "../stage.ts";

/** The stage with the seeded data set: fourteen connections, 190 grants, 48 requests that wait, work under way. */
export const useLargeStage = (): Stage<SeededWorld> => useStageOf(() => startSeededWorld());
