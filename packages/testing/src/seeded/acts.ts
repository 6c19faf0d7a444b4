import { createHash } from "node:crypto";
import type { Json } from "../../../gateway/src/kernel/canonical.ts";
import type { Random } from "./random.ts";
import type { SeededConnection, SeededKind } from "./catalogue.ts";
import type { SeededOperation } from "./operations.ts";

/** An act of the history: what was sent, as its protocol writes it down, and what came of it. */
export interface SeededAct {
  readonly act: Readonly<Record<string, Json>>;
  readonly outcome: {
    readonly rows?: number;
    readonly bytes?: number;
    readonly status?: number;
    readonly error?: string;
    readonly tag?: string;
    readonly masked?: readonly string[];
  };
  readonly milliseconds: number;
  /** It was refused, and why. */
  readonly denied?: { readonly rule: string; readonly message: string };
  /** What its terminal showed, line by line. */
  readonly terminal?: readonly string[];
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const statements: Readonly<Record<"select" | "update", readonly string[]>> = {
  select: [
    "select id, total, status from public.orders where customer_id = $1 order by created_at desc limit 20",
    "select count(*), sum(total) from public.orders where status = 'refunded'",
    "select c.name, o.total from public.customers c join public.orders o on o.customer_id = c.id where o.id = $1",
    "select id, name, email from public.customers where name like 'Ada%'",
    "select date_trunc('day', created_at) as day, sum(total) from public.orders group by 1 order by 1",
  ],
  update: [
    "update public.orders set status = 'refunded' where id = $1",
    "update public.orders set status = 'sent' where id = $1",
  ],
};

function statement(operation: SeededOperation, random: Random): SeededAct {
  const isRead = JSON.stringify(operation.scope).includes("select");
  const sql = random.pick(statements[isRead ? "select" : "update"]);
  const rows = isRead ? random.between(0, 400) : 1;
  const parameters = sql.includes("$1") ? { parameters: [random.between(1, 400)] } : {};
  if (random.next() < 0.04)
    return {
      act: { kind: "execute", sql, ...parameters },
      outcome: { error: "57014", rows: 0 },
      milliseconds: 30_000,
    };
  return {
    act: { kind: "execute", sql, ...parameters },
    outcome: {
      rows,
      bytes: rows * random.between(20, 90),
      tag: isRead ? `SELECT ${rows}` : "UPDATE 1",
    },
    milliseconds: random.between(1, 900),
  };
}

/** The path of a request, without what varies. */
function firstRequest(operation: SeededOperation): readonly [method: string, path: string] {
  const [request = ""] = operation.scope["requests"] as readonly string[];
  const [method = "", path = ""] = request.split(" ");
  return [method, path];
}

function request(operation: SeededOperation, random: Random): SeededAct {
  const [method, template] = firstRequest(operation);
  const id = random.between(1, 9000);
  const path = template.replace("{id:[0-9]+}", String(id));
  const listed = operation.scope["query"] as readonly string[] | undefined;
  const query =
    listed === undefined
      ? {}
      : { query: listed.includes("status") ? `status=open&page=${random.between(1, 9)}` : "expand=customer" };
  const body =
    method === "POST" ? { body: { bytes: random.between(60, 400), sha256: sha256(`${path} ${id}`) } } : {};
  const status =
    random.next() < 0.06
      ? random.pick([404, 409, 503])
      : method === "POST"
        ? 201
        : method === "DELETE"
          ? 204
          : 200;
  return {
    act: { ...body, method, path, ...query },
    outcome: {
      status,
      bytes: status === 204 ? 0 : random.between(120, 40_000),
      ...(operation.name.startsWith("read-") && status === 200 ? { masked: ["/customer/email"] } : {}),
    },
    milliseconds: random.between(4, 1800),
  };
}

/** What a look into a pod's files shows. */
const listing: readonly string[] = [
  "total 24",
  "drwxr-xr-x    1 root     root          4096 Nov 27 08:14 .",
  "drwxr-xr-x    1 root     root          4096 Nov 27 08:14 ..",
  "-rw-r--r--    1 shop     shop         18213 Nov 27 11:02 access.log",
  "-rw-r--r--    1 shop     shop           911 Nov 27 10:58 error.log",
];
const errors: readonly string[] = [
  "10:57:41 \u001B[33mwarn\u001B[0m  payment provider answered in 4100 ms",
  // What a recording may try on the terminal of whoever replays it: a title, the clipboard, a link, a question.
  "10:57:58 \u001B[31merror\u001B[0m payment provider timed out: order 381\u001B]0;pwned\u0007\u001B]52;c;cHduZWQ=\u0007\u001B]8;;https://evil.test\u0007\u001B[6n",
  "10:58:02 \u001B[31merror\u001B[0m payment provider timed out: order 382",
  "10:58:40 \u001B[32minfo\u001B[0m  payment provider is back",
];

function clusterAct(operation: SeededOperation, random: Random): SeededAct {
  const pod = `web-${random.between(1, 4)}`;
  const common = { version: "v1", resource: "pods", namespace: "shop" };
  if (operation.name === "debug-shop") {
    const looks = random.next() < 0.5;
    return {
      act: {
        verb: "create",
        ...common,
        subresource: "exec",
        name: pod,
        container: "app",
        argv: looks ? ["ls", "-la", "/var/log"] : ["cat", "/var/log/error.log"],
      },
      outcome: { status: 0, bytes: 400 },
      milliseconds: random.between(900, 9000),
      terminal: looks ? listing : errors,
    };
  }
  if (operation.name === "restart-pod")
    return {
      act: { verb: "delete", ...common, name: pod },
      outcome: { status: 200, bytes: 380 },
      milliseconds: random.between(30, 400),
    };
  const reads = random.next();
  const bytes = random.between(400, 90_000);
  if (reads < 0.4)
    return {
      act: { verb: "get", ...common, subresource: "log", name: pod, query: [["tailLines", "200"]] },
      outcome: { status: 200, bytes },
      milliseconds: random.between(20, 700),
    };
  return {
    act: { verb: reads < 0.7 ? "list" : "get", ...common, ...(reads < 0.7 ? {} : { name: pod }) },
    outcome: { status: reads > 0.97 ? 404 : 200, bytes },
    milliseconds: random.between(5, 200),
  };
}

function toolCall(operation: SeededOperation, random: Random): SeededAct {
  const tool = operation.name === "delete-customer" ? "delete_customer" : "get_customer";
  return {
    act: { method: "tools/call", tool, arguments: { id: random.between(1, 40) } },
    outcome: { bytes: random.between(60, 300) },
    milliseconds: random.between(3, 90),
  };
}

const nothing = { outcome: {}, milliseconds: 0 };

/** Something that no operation of a connection covers, by its kind. */
const refused: Readonly<Record<SeededKind, (random: Random) => SeededAct>> = {
  postgres: (random) =>
    random.next() < 0.5
      ? {
          ...nothing,
          act: { kind: "execute", sql: "select person, salary from public.payroll" },
          denied: { rule: "tables", message: "public.payroll is not granted" },
        }
      : {
          ...nothing,
          act: { kind: "execute", sql: "update public.orders set status = 'refunded'" },
          denied: { rule: "require_where", message: "an update of public.orders needs a WHERE" },
        },
  http: () => ({
    ...nothing,
    act: { method: "GET", path: "/v1/users/1", query: "fields=password" },
    denied: { rule: "requests", message: "GET /v1/users/1 is not granted" },
  }),
  kubernetes: () => ({
    ...nothing,
    act: { verb: "list", version: "v1", resource: "secrets", namespace: "shop" },
    denied: { rule: "resources", message: "secrets are not granted" },
  }),
  mcp: (random) => ({
    ...nothing,
    act: { method: "tools/call", tool: "delete_customer", arguments: { id: random.between(1, 40) } },
    denied: { rule: "tools", message: "the tool delete_customer is not granted" },
  }),
};

const makers = { postgres: statement, http: request, kubernetes: clusterAct, mcp: toolCall } as const;

/** An act that the operation covers, or now and then one that nothing covers. */
export function actOf(connection: SeededConnection, operation: SeededOperation, random: Random): SeededAct {
  if (random.next() < 0.07) return refused[connection.kind](random);
  return makers[connection.kind](operation, random);
}
