import { connectMcp } from "@mayfly/testing/mcp.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { expect, expectCode, Unexpected, type Shell } from "./shell.ts";
import type { Step } from "./step.ts";

/** One line in the shell of `mayfly run`, and what must come of it. */
interface Line {
  readonly line: string;
  readonly code: number;
  readonly patterns: readonly RegExp[];
}

const reason = "TICKET-4711: where is my parcel?";

/** Runs a shell under a grant, and holds each of its lines to what it should do. */
async function workIn(shell: Shell, operation: string, lines: readonly Line[]): Promise<void> {
  const session = shell.open(`mayfly run ${operation} --reason "${reason}" -- sh`);
  await session.until(/(?=mayfly: grant gr_)/);
  for (const { line, code, patterns } of lines) {
    const outcome = await session.run(line);
    expect(outcome, line, ...patterns);
    expectCode(outcome, line, code);
  }
  expect(await session.close(), "the end of mayfly run", /released/);
}

const curl = 'curl -sS --cacert "$MAYFLY_CA" -H "Authorization: Bearer $MAYFLY_BEARER"';

const billing: readonly Line[] = [
  {
    line: `${curl} "$MAYFLY_HTTP_URL/v1/invoices/7"`,
    code: 0,
    patterns: [/"id":"7"/, /"email":"\*\*\*"/],
  },
  {
    line: `${curl} --path-as-is "$MAYFLY_HTTP_URL/v1/invoices/7/../../../admin"`,
    code: 0,
    patterns: [/"status":403/, /dot segment/],
  },
  {
    line: `${curl} "$MAYFLY_HTTP_URL/v1/customers"`,
    code: 0,
    patterns: [
      /"status":403/,
      /GET \/v1\/customers is not among its requests/,
      /no operation that you may request covers this/,
    ],
  },
  {
    line: `${curl} -X DELETE "$MAYFLY_HTTP_URL/v1/invoices/7"`,
    code: 0,
    patterns: [/"status":403/, /DELETE/],
  },
];

const cluster: readonly Line[] = [
  { line: "kubectl get pods -n shop", code: 0, patterns: [/web-1 +1\/1 +Running/] },
  { line: "kubectl logs -n shop web-1", code: 0, patterns: [/shop is open/] },
  {
    line: "kubectl exec -n shop web-1 -c app -- cat /var/log/app.log",
    code: 0,
    patterns: [/order 7 paid/],
  },
  {
    line: "kubectl exec -n shop web-1 -c app -- cat /etc/passwd",
    code: 1,
    patterns: [/cat \/etc\/passwd|argument|command/i, /shop-cluster\/debug-shop/],
  },
  {
    line: "kubectl exec -n shop ledger-1 -c app -- ls /",
    code: 1,
    patterns: [/shop-cluster\/debug-shop/],
  },
  { line: "kubectl delete pod -n shop web-1", code: 1, patterns: [/[Ff]orbidden|not granted/] },
];

/** The same agent and the other systems: an HTTP API, a cluster, an MCP server. */
export const systems: readonly Step[] = [
  {
    title:
      "The billing API, with curl: what is granted comes masked; a path trick and what is not listed are refused in words",
    async run(world, shell) {
      const before = world.billing.seen.length;
      await workIn(shell, "billing-api/read-invoice", billing);
      const seen = world.billing.seen.slice(before);
      if (seen.length !== 1 || JSON.stringify(seen[0]?.headers).includes("gr_"))
        throw new Unexpected(`the billing API saw ${JSON.stringify(seen)}`);
      console.log(
        "    the billing API saw one request, with the gateway's credential and nothing of the agent's",
      );
    },
  },
  {
    title:
      "The cluster, with kubectl: look at pods, enter one; an argument or a pod that is not granted is refused",
    async run(world, shell) {
      const { cluster: standIn, noCluster } = world;
      if (standIn === undefined) {
        console.log(`    left out here: ${noCluster}`);
        return;
      }
      await workIn(shell, "shop-cluster/debug-shop", cluster);
      const entered = standIn.seen.filter(({ url }) => url.includes("/exec?"));
      const users = new Set(entered.map(({ headers }) => String(headers["impersonate-user"])));
      console.log(`    the cluster saw one exec, by ${[...users].join(", ")}`);
      if (entered.length !== 1 || !users.has("mayfly:support-bot"))
        throw new Unexpected(`the cluster saw ${entered.map(({ url }) => url).join(", ")}`);
    },
  },
  {
    title:
      "The CRM, an MCP server that the gateway starts: one of its two tools is granted, and only as it was pinned",
    async run(world, shell) {
      const given = await shell.run(`mayfly request crm/look-up-customer --reason "${reason}"`);
      expectCode(given, "the request", 0);
      const grant = /gr_[0-9a-z]{16}/.exec(given.text)?.[0] ?? "";
      const user = await connectMcp(world.gateway, await world.okta.tokenFor({ agent: agentId }), "/mcp/crm");
      try {
        const { tools } = await user.client.listTools();
        console.log(`    tools/list → ${tools.map(({ name }) => name).join(", ")}`);
        if (tools.length !== 1) throw new Unexpected("more than the granted tool is listed");
        const found = await user.use("get_customer", { id: 1 });
        console.log(`    get_customer {"id":1} → ${found.text}`);
        if (!found.text.includes("Ada Lovelace")) throw new Unexpected("the customer was not found");
        for (const [tool, args] of [
          ["delete_customer", { id: 1 }],
          ["get_customer", { id: -1 }],
        ] as const) {
          const refused = await user.use(tool, args).then(
            ({ error, text }) => (error ? text : undefined),
            (error: unknown) => String(error),
          );
          if (refused === undefined) throw new Unexpected(`${tool} was not refused`);
          console.log(`    ${tool} ${JSON.stringify(args)} → ${refused}`);
        }
      } finally {
        await user.close();
      }
      expectCode(await shell.run(`mayfly release ${grant}`), "the release", 0);
    },
  },
];
