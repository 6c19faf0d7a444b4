// `npm run siege [-- FILE]`: what measures time and memory while somebody attacks, one file at a time. Run it when nothing
// else runs: a busy machine is measured too.
import { setup } from "./setup.mjs";
import { runVitest } from "./test/vitest.mjs";

await setup();
const { outcomes, errors } = await runVitest([], {
  args: ["--project", "siege", ...process.argv.slice(2)],
});
for (const error of errors) console.error(error);
process.exit(errors.length === 0 && outcomes.every(({ failures }) => failures.length === 0) ? 0 : 1);
