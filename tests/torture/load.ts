import { call } from "@mayfly/testing/api.ts";
import type { World } from "@mayfly/testing/world.ts";
import { clientOf, type Way } from "./world.ts";

/** What the gateway has acknowledged: each of it must be found again, whatever happens next. */
export interface Acknowledged {
  /** Marks of statements whose answer came. */
  readonly acts: string[];
  /** Marks of updates whose answer came. */
  readonly updates: string[];
  readonly requests: string[];
  readonly approvals: string[];
  readonly grants: Way[];
  readonly ended: Way[];
  /** Whether a lock-down is in force, as was acknowledged last; undefined while one is on its way. */
  locked: boolean | undefined;
}

export function nothingYet(): Acknowledged {
  return { acts: [], updates: [], requests: [], approvals: [], grants: [], ended: [], locked: false };
}

/** Clients at work. */
export interface Load {
  /** Resolves when every client has noticed that there is nobody any more. */
  stop(): Promise<void>;
}

let marks = 0;
/** No two marks are the same in one run. */
export const newMark = (kind: string): string => `torture-${kind}-${process.pid}-${(marks += 1)}`;

interface Decided {
  readonly id: string;
  readonly digest: string;
  readonly grant?: { readonly id: string; readonly access?: { readonly secret?: string } };
}

/**
 * Acts, updates, requests, approvals, ends and now and then a lock-down, all at once, until nobody answers.
 * @param random decides what each client does next
 */
export async function startLoad(
  world: World,
  known: Acknowledged,
  random: () => number,
  clients: {
    readonly readers: number;
    readonly writers: number;
    readonly askers: number;
    readonly lockdowns: boolean;
  },
): Promise<Load> {
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  const token = await world.agentToken();
  const [rosa, olga] = [
    await world.personToken("rosa@example.com"),
    await world.personToken("olga@example.com"),
  ];
  const api = (bearer: string, method: string, path: string, body?: unknown) =>
    call(world.gateway, bearer, method, path, body);

  async function ask(operation: string): Promise<Decided> {
    const answer = await api(token, "POST", "/v1/requests", {
      connection: "orders-db",
      operations: [operation],
      reason: "TICKET-1 torture",
    });
    if (answer.status >= 300) throw new Error(`not asked: ${answer.status}`);
    const request = answer.body as Decided;
    known.requests.push(request.id);
    return request;
  }

  async function approve(request: Decided): Promise<Way> {
    const yes = await api(rosa, "POST", `/v1/requests/${request.id}/approve`, { digest: request.digest });
    if (yes.status !== 200) throw new Error(`not approved: ${yes.status}`);
    known.approvals.push(request.id);
    const { grant } = (await api(token, "GET", `/v1/requests/${request.id}`)).body as Decided;
    const collected = await api(token, "POST", `/v1/grants/${grant?.id}/secret`);
    if (collected.status >= 300) throw new Error(`not collected: ${collected.status}`);
    const { access } = collected.body as { readonly access: { readonly secret: string } };
    return keep({ grant: grant?.id ?? "", secret: access.secret });
  }

  function keep(way: Way): Way {
    known.grants.push(way);
    return way;
  }

  async function wayIn(operation: "read-orders" | "refund-order"): Promise<Way> {
    const request = await ask(operation);
    if (operation === "refund-order") return approve(request);
    return keep({ grant: request.grant?.id ?? "", secret: request.grant?.access?.secret ?? "" });
  }

  async function end(way: Way): Promise<void> {
    const answer =
      random() < 0.5
        ? await api(token, "POST", `/v1/grants/${way.grant}/release`)
        : await api(olga, "POST", `/v1/grants/${way.grant}/revoke`, { reason: "torture" });
    if (answer.status < 300) known.ended.push(way);
  }

  async function read(way: Way): Promise<void> {
    const client = await clientOf(world, way);
    try {
      while (!isOver()) {
        const mark = newMark("read");
        await client.query(`select '${mark}' as mark, id from orders where id = 7`);
        known.acts.push(mark);
      }
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async function write(way: Way): Promise<void> {
    const client = await clientOf(world, way);
    try {
      while (!isOver()) {
        const mark = newMark("write");
        const id = 1 + Math.floor(random() * 400);
        await client.query("update orders set status = $1 where id = $2", [mark, id]);
        known.updates.push(mark);
      }
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async function askAndEnd(): Promise<void> {
    while (!isOver()) {
      const way = await wayIn(random() < 0.5 ? "read-orders" : "refund-order");
      if (random() < 0.7) await end(way);
    }
  }

  /** A statement that is still running when the gateway dies. */
  async function linger(way: Way): Promise<void> {
    const client = await clientOf(world, way);
    try {
      await client.query(
        "select count(*) from orders a, orders b, orders c, orders d where a.id + b.id < c.id + d.id",
      );
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async function lockAndLift(): Promise<void> {
    while (!isOver()) {
      await new Promise((resolve) => setTimeout(resolve, 50 + random() * 200));
      known.locked = undefined;
      if ((await api(olga, "PUT", "/v1/lockdown", { reason: "torture" })).status < 300) known.locked = true;
      await new Promise((resolve) => setTimeout(resolve, random() * 50));
      known.locked = undefined;
      if ((await api(olga, "DELETE", "/v1/lockdown")).status < 300) known.locked = false;
    }
  }

  const [reading, writing, lingering] = [
    await wayIn("read-orders"),
    await wayIn("refund-order"),
    await wayIn("read-orders"),
  ];
  // Each goes on until the gateway is gone; what it was told by then is what counts.
  const all = [
    ...Array.from({ length: clients.readers }, () => read(reading)),
    ...Array.from({ length: clients.writers }, () => write(writing)),
    ...Array.from({ length: clients.askers }, () => askAndEnd()),
    linger(lingering),
    ...(clients.lockdowns ? [lockAndLift()] : []),
  ].map((each) => each.catch(() => undefined));
  return {
    async stop() {
      over.abort();
      await Promise.all(all);
    },
  };
}
