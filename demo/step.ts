import type { Shell } from "./shell.ts";
import type { World } from "./world.ts";

/** One step of the story: what it shows, and how it is shown and held to it. */
export interface Step {
  readonly title: string;
  run(world: World, shell: Shell): Promise<void>;
}
