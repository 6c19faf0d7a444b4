// `npm run check`: every test file has a tier, and the gate's files keep their budget.
import { budgetProblems, recordedTimes } from "./times.mjs";
import { testFiles } from "./tiers.mjs";

const problems = budgetProblems(testFiles(), recordedTimes());
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
