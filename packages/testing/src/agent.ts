import { call, type Access } from "./api.ts";
import { psql, type Ran, type World } from "./world.ts";

/** A request as the API shows it, of which tests read this much. */
export interface Asked {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
  readonly grant?: {
    readonly id: string;
    readonly state: string;
    readonly expires_at: string;
    readonly operations: readonly string[];
    readonly access?: {
      readonly secret?: string;
      readonly dsn: string;
      readonly env: Record<string, string>;
    };
  };
}

/** The agent asks. @throws Error when the gateway does not take the request */
export async function ask(
  world: World,
  body: {
    readonly operations: readonly string[];
    readonly reason: string;
    readonly ttl?: string;
    readonly break_glass?: boolean;
  },
  token?: string,
): Promise<Asked> {
  const bearer = token ?? (await world.agentToken());
  const answer = await call(world.gateway, bearer, "POST", "/v1/requests", {
    connection: "orders-db",
    ...body,
  });
  if (answer.status >= 300) throw new Error(`not asked: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as Asked;
}

/** Asks for a refund, which a person has to approve. */
export const askRefund = (world: World, reason = "TICKET-4711: parcel lost, refund"): Promise<Asked> =>
  ask(world, { operations: ["refund-order"], reason });

/** The request as it is now, after waiting for a decision for up to `wait`. */
export async function requestNow(world: World, id: string, wait = "0s"): Promise<Asked> {
  const path = `/v1/requests/${id}${wait === "0s" ? "" : `?wait=${wait}`}`;
  return (await call(world.gateway, await world.agentToken(), "GET", path)).body as Asked;
}

/** Waits until the request was approved and collects the way in. @throws Error when it was not */
export async function accessTo(world: World, id: string): Promise<Access> {
  const request = await requestNow(world, id, "15s");
  const { grant } = request;
  if (grant === undefined) throw new Error(`no grant: the request is ${request.state}`);
  const { access } =
    grant.access?.secret === undefined
      ? ((await call(world.gateway, await world.agentToken(), "POST", `/v1/grants/${grant.id}/secret`))
          .body as { access: NonNullable<typeof grant.access> })
      : { access: grant.access };
  return { grant: grant.id, secret: access.secret ?? "", dsn: access.dsn, env: access.env };
}

/** A query whose result does not end in the time of a test: 64 million rows. */
export const endless = "copy (select a.id, b.total, c.status from orders a, orders b, orders c) to stdout";

/** Starts a psql in the middle of an endless result; `ended` is what it says when it was cut. */
export async function livePsql(world: World, access: Access): Promise<{ readonly ended: Promise<Ran> }> {
  const ended = psql(world, access.env, ["-c", endless]);
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: world.postgres.url("shop") });
  await client.connect();
  try {
    const until = Date.now() + 15_000;
    for (;;) {
      const { rows } = await client.query(
        "SELECT 1 FROM pg_stat_activity WHERE usename = 'mayfly' AND state = 'active' AND query LIKE 'copy (select a.id%'",
      );
      if (rows.length > 0) break;
      if (Date.now() > until) throw new Error("psql's query never ran");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await client.end();
  }
  return { ended };
}
