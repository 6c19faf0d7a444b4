// `npm run bench [-- postgres | http | kubernetes | mcp | console | deadline | signals | gateways | workers | start | log-in | calm | growth | profile postgres | profile http | profile mcp]`: brings what is missing, then measures.
import { spawn } from "node:child_process";
import { containerPrograms, environment, root, setup } from "./setup.mjs";

const suites = {
  postgres: { file: "bench/postgres/main.ts", needs: ["psql", "pgbench", "pgbouncer"] },
  http: { file: "bench/http/main.ts", needs: ["nginx", "wrk"] },
  kubernetes: { file: "bench/kubernetes/main.ts", needs: ["kubectl", ...containerPrograms] },
  mcp: { file: "bench/mcp/main.ts", needs: [] },
  deadline: { file: "bench/deadline/main.ts", needs: [] },
  signals: { file: "bench/signals/main.ts", needs: [] },
  gateways: { file: "bench/gateways/main.ts", needs: [] },
  workers: { file: "bench/workers/main.ts", needs: ["psql", "pgbench"] },
  start: { file: "bench/start/main.ts", needs: [] },
  "log-in": { file: "bench/log-in/main.ts", needs: [] },
  calm: { file: "tests/starvation/cpu.ts", needs: [] },
  profile: { file: "bench/profile/main.ts", needs: ["pgbench", "nginx", "wrk"] },
  growth: { file: "bench/growth/main.ts", needs: [] },
  console: { file: "bench/console/main.ts", needs: ["psql", "chromium"] },
};
const [first = "", ...others] = process.argv.slice(2);
const name = Object.keys(suites).includes(first) ? first : "postgres";
const rest = name === first ? others : process.argv.slice(2);
const { file, needs } = suites[name];
await setup(needs);
const child = spawn("node", [file, ...rest], {
  cwd: root,
  stdio: "inherit",
  env: environment(),
});
child.once("close", (code) => process.exit(code ?? 1));
