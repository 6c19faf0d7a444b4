import * as z from "zod";
import { MayflyError } from "../../kernel/errors.ts";
import { activeGrant, namesOf } from "./asking.ts";
import type { Doors } from "./doors.ts";
import { connectionInput, grantInput } from "./inputs.ts";
import { type Tool, tool, type ToolCall } from "./tool.ts";
import { GatewayRefusal } from "./voices.ts";
import { helped } from "./web.ts";

const parameter = z.union([z.string().max(65_536), z.number(), z.boolean(), z.null()]);

/** The doors. @throws MayflyError where this gateway has none */
export function doorsOf({ services }: ToolCall): Doors {
  if (services.doors === undefined)
    throw new MayflyError("no_doors", "this gateway serves no connections", { status: 503 });
  return services.doors;
}

/** Runs one statement. */
export const runSql: Tool = tool({
  name: "run_sql",
  title: "Run one SQL statement",
  description:
    "Runs one SQL statement on a PostgreSQL connection under your active grant. Every statement is checked against what the grant covers and recorded; " +
    "what is refused says which rule refused and what to ask for instead. Each call is a transaction of its own. Rows come back as arrays in the order of columns; " +
    "when more follow, ask for the next page in the statement itself (ORDER BY … LIMIT … OFFSET …). Pass values as params ($1, $2, …), never by pasting them into sql.",
  input: z.strictObject({
    connection: connectionInput,
    grant: grantInput,
    sql: z
      .string()
      .min(1)
      .max(50_000)
      .describe("One statement, for example select id, total from orders where id = $1"),
    params: z.array(parameter).max(1000).default([]).describe("Values of $1, $2, …"),
    limit: z.int().min(1).max(1000).default(100).describe("How many rows come back at most"),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ connection, grant: named, sql, params, limit }, call) {
    const grant = await activeGrant(call, { connection, grant: named });
    const { bearer, address, signal } = call;
    const result = await doorsOf(call)
      .sql({ bearer, connection, address, signal, grant: grant.id, sql, params, rows: limit })
      .catch((error: unknown) => {
        throw error instanceof GatewayRefusal ? inWords(error, call, connection, grant) : error;
      });
    const { command, columns, rows, cut } = result;
    return {
      ...(command === undefined ? {} : { command }),
      columns,
      rows,
      ...(cut === undefined
        ? {}
        : {
            more: true,
            next:
              cut === "rows"
                ? `only the first ${limit} rows: read on with ORDER BY, LIMIT and OFFSET ${limit} in the statement`
                : `only the first ${rows.length} rows fit: select fewer columns, or less of long ones (left(column, 200))`,
          }),
    };
  },
});

/** A refusal with what was granted, what else the caller holds, and what to ask for. */
function inWords(
  error: GatewayRefusal,
  call: ToolCall,
  connection: string,
  grant: { readonly id: string; readonly connection: string; readonly operations: readonly string[] },
): GatewayRefusal {
  if (error.remedy !== "ask") return error;
  const others = call.services.grants
    .liveOf(call.principal, connection)
    .filter((live) => live.grant.operations.some((name) => !grant.operations.includes(name)))
    .map((live) => `${live.grant.id} (${live.grant.operations.join(", ")})`);
  const held =
    others.length === 0 ? "" : ` You also hold ${others.slice(0, 5).join(" and ")}: name it as grant.`;
  const { code, status, remedy, hint } = error;
  const said = new GatewayRefusal(
    code,
    `${error.message} (grant ${grant.id} covers ${namesOf(grant).join(", ")}).${held}`,
    { status, remedy, ...(hint === undefined ? {} : { hint }) },
  );
  return helped(said, call, connection, grant.operations);
}
