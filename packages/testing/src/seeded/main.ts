// `npm run seeded`: a gateway with the seeded data set, to look at. It stays up until it is interrupted.
import { people } from "../people.ts";
import { startSeededWorld } from "./world.ts";

const live = process.argv[2] === undefined ? {} : { live: Number(process.argv[2]) };
const world = await startSeededWorld(live);
console.log(`The console is at ${world.gateway.url}; its CA's certificate is ${world.gateway.caFile}`);
console.log("Sign in with Okta as:");
for (const { login, name, groups } of people)
  console.log(`  ${name} (${login}): ${groups.join(", ") || "no groups"}`);
console.log("Ctrl-C stops it.");
await new Promise<void>((resolve) => {
  process.once("SIGINT", resolve);
  process.once("SIGTERM", resolve);
});
await world.stop();
