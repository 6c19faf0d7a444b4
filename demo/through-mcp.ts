import { connectMcp, type McpUser, type Said } from "@mayfly/testing/mcp.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { approveInConsole } from "./persons.ts";
import { Unexpected } from "./shell.ts";
import type { Step } from "./step.ts";

/** Calls a tool, shows it, and holds its answer to what it should say. */
async function use(
  user: McpUser,
  tool: string,
  args: Readonly<Record<string, unknown>>,
  ...patterns: readonly RegExp[]
): Promise<Said> {
  const said = await user.use(tool, args);
  console.log(`  > ${tool} ${JSON.stringify(args)}`);
  const text = said.text.length > 900 ? `${said.text.slice(0, 900)} …` : said.text;
  console.log(text.replaceAll(/^/gm, "    "));
  for (const pattern of patterns)
    if (!pattern.test(said.text)) throw new Unexpected(`${tool} did not say ${pattern}: ${said.text}`);
  return said;
}

const reason = "TICKET-4711: parcel lost, refund";
const update = "update orders set status = 'refunded' where id = 18";

/** The whole story again, by an agent that has nothing but an MCP client. */
export const throughMcp: readonly Step[] = [
  {
    title:
      "The whole story through MCP alone, with the official SDK's client: list, request, read, be denied, ask, be approved, write, release",
    async run(world) {
      const user = await connectMcp(world.gateway, await world.okta.tokenFor({ agent: agentId }));
      try {
        const { tools } = await user.client.listTools();
        console.log(`    ${world.gateway.url}/mcp has ${tools.map(({ name }) => name).join(", ")}`);
        const connection = "orders-db";
        await use(user, "list_operations", { connection }, /orders-db\/refund-order/, /must approve/);
        await use(user, "run_sql", { connection, sql: "select 1" }, /no active grant/);
        await use(user, "request_access", { connection, operations: ["read-orders"], reason }, /"approved"/);
        await use(
          user,
          "run_sql",
          { connection, sql: "select id, status from orders where id = 18" },
          /"rows":\[\[18/,
        );
        const denied = await use(
          user,
          "run_sql",
          { connection, sql: update },
          /refund-order/,
          /must approve/,
        );
        if (!denied.error) throw new Unexpected("the write was not denied");
        const asked = await use(
          user,
          "request_access",
          { connection, operations: ["refund-order"], reason },
          /"pending"/,
        );
        const request = String(asked.data["request"]);
        const waiting = use(user, "wait_for_access", { request }, /"approved"/);
        await approveInConsole(world, request);
        const { grant } = (await waiting).data["grant"] as { readonly grant: string };
        await use(user, "run_sql", { connection, grant, sql: update }, /UPDATE 1/);
        const { data } = await use(user, "my_grants", {}, new RegExp(grant));
        for (const mine of data["grants"] as readonly { readonly grant: string }[])
          await use(user, "release_access", { grant: mine.grant }, /"released"/);
        await use(user, "run_sql", { connection, sql: "select 1" }, /no active grant/);
      } finally {
        await user.close();
      }
    },
  },
];
