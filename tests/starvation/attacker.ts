// One attack as a process of its own: `node attacker.ts NAME`, told of its ground by its parent.
import { setPriority } from "node:os";
import { attacks } from "./attacks.ts";
import type { Ground } from "./stage.ts";

// An attacker's machine is not the gateway's: it must not take the processor of the one that is measured.
setPriority(10);
process.once("message", (said) => {
  const { name, ground, seconds } = said as { name: string; ground: Ground; seconds: number };
  const attack = attacks[name];
  if (attack === undefined) throw new Error(`there is no attack ${name}`);
  const until = performance.now() + seconds * 1000;
  attack.run({ ground, until, isOver: () => performance.now() >= until }).then(
    (did) => process.send?.({ did }, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once("disconnect", () => process.exit(0));
