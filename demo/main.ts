import { parseArgs } from "node:util";
import { progress } from "../scripts/progress.mjs";
import { root } from "@mayfly/testing/gateway.ts";
import { createEnding } from "./ending.ts";
import { createShell, Unexpected } from "./shell.ts";
import { walk } from "./walk.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { startWorld } from "./world.ts";

// npm run demo: starts everything, walks through the story with real clients, and stays up. With --once it ends after
// the walk, with exit code 0 only if every step did what it says.
const { values } = parseArgs({ options: { once: { type: "boolean", default: false } } });

const ending = createEnding();
const world = await startWorld(ending.unlessEnding(progress)).catch((error: unknown) => ending.over(error));
const shell = createShell({ environment: { ...process.env, ...world.clientEnvironment } });
ending.of(async () => {
  await shell.end();
  await world.stop();
});

console.log(
  `Mayfly listens on ${world.gateway.url} and, for PostgreSQL clients, on localhost:${world.gateway.postgresPort}.`,
);
let failed = false;
try {
  for (const [index, step] of walk.entries()) {
    console.log(`\n${index + 1}. ${step.title}`);
    await step.run(world, shell);
  }
  const out = [
    ...(world.cluster === undefined ? ["the cluster's"] : []),
    ...(world.network === undefined ? ["the one about ways around"] : []),
  ];
  const leftOut = out.length === 0 ? "" : `; left out: ${out.join(" and ")}`;
  console.log(`\nAll ${walk.length} steps did what they say${leftOut}.`);
} catch (error) {
  failed = true;
  // A step that was broken off by the end has not failed.
  if (!ending.hasBegun()) console.error(error instanceof Unexpected ? `\nFAILED: ${error.message}` : error);
}

if (values.once || failed) await ending.end(failed ? 1 : 0);
/** What to export in another terminal: of PATH only our own folders (a psql unpacked for us among them). */
function exported(name: string, value: string): string {
  if (name !== "PATH") return `export ${name}="${value}"`;
  const own = new Set(value.split(":").filter((folder) => folder.startsWith(`${root}/`)));
  return `export PATH="${[...own].join(":")}:$PATH"`;
}
/** curl, in the shell of `mayfly run`. */
const curl = 'curl -sS --cacert "$MAYFLY_CA" -H "Authorization: Bearer $MAYFLY_BEARER"';
const libraries = process.env["LD_LIBRARY_PATH"];
const lines = Object.entries({
  ...world.clientEnvironment,
  ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }),
}).map(([name, value]) => exported(name, value));
console.log(`
It stays up until Ctrl-C.

The console: ${world.gateway.url}
  Sign in by Okta or Okta (SAML); the stand-in asks no password, you choose who you are:
  Rosa or Ravi decide (Inbox), Oscar owns the agent and therefore cannot, Olga operates (Live), Ada audits (Activity).
  The certificate is from a CA made for this demo. Accept the browser's warning, or trust ${world.gateway.caFile}
  (Firefox: Settings, Certificates, Authorities, Import; Chromium on Linux: certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n mayfly-demo -i FILE).

In another terminal, the agent:

${lines.join("\n")}
mayfly operations
mayfly run orders-db/read-orders --reason "TICKET-1: looking around" -- psql
mayfly request orders-db/refund-order --reason "TICKET-2: refund" --wait      (then decide in the console)
mayfly request orders-db/refund-order --break-glass --reason "TICKET-3: the shop is down, nobody answers"

The other systems, each with its own client:

mayfly run billing-api/read-invoice --reason "TICKET-4: what was billed" -- sh -c '${curl} "$MAYFLY_HTTP_URL/v1/invoices/7"'
${
  world.cluster === undefined
    ? `(no shop-cluster here: ${world.noCluster})`
    : `mayfly run shop-cluster/debug-shop --reason "TICKET-5: a look inside" -- kubectl exec -n shop web-1 -c app -- ls /var/log`
}
mayfly request crm/look-up-customer --reason "TICKET-6: who is it"     (then any MCP client, at $MAYFLY_MCP_URL with the bearer $MAYFLY_BEARER)
Mayfly's own tools for MCP clients: ${world.gateway.url}/mcp, with the agent's access token as bearer; docs/mcp.md

The agent ${agentId} is logged in; rosa (reviewer) and ada (auditor) too, for mayfly pending --profile rosa and
mayfly audit tail --profile ada. Signed events arrive at ${world.receiver.url} and are shown here:`);
let shown = world.receiver.arrived.length;
for (;;) {
  await world.receiver.next((event) => world.receiver.arrived.indexOf(event) >= shown);
  for (const { type, verified } of world.receiver.arrived.slice(shown))
    console.log(`  webhook ${verified ? "verified" : "FORGED"}: ${type}`);
  shown = world.receiver.arrived.length;
}
