import * as z from "zod";
import { helped } from "../../../gate/tools/answers.ts";
import { GatewayRefusal } from "../../../gate/tools/errors.ts";
import { connectionInput, grantInput } from "../../../gate/tools/inputs.ts";
import { type HeldGrant, namesOf, type Tool, tool, type ToolCall } from "../../../gate/tools/tool.ts";
import type { RunStatement } from "./client.ts";
import { isShallow } from "./parameters.ts";

const parameter = z
  .union([
    z.string().max(65_536),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(z.unknown()).max(10_000),
    z.record(z.string(), z.unknown()),
  ])
  .refine((value) => isShallow(value), "is nested too deeply");

/**
 * Makes the tool that runs one statement.
 * @param run the client that carries it out
 */
export function createRunSql(run: RunStatement): Tool {
  return tool({
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
      params: z
        .array(parameter)
        .max(1000)
        .default([])
        .describe(
          "Values of $1, $2, …: a list for an array (id = any($1)), a list or an object for json and jsonb",
        ),
      limit: z.int().min(1).max(1000).default(100).describe("How many rows come back at most"),
    }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    async run({ connection, grant: named, sql, params, limit }, call) {
      const grant = await call.activeGrant({ connection, grant: named });
      const ask = { connection, grant: grant.id, sql, params, rows: limit };
      const result = await run(call, ask).catch((error: unknown) => {
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
}

/** A refusal with what was granted, what else the caller holds, and what to ask for. */
function inWords(
  error: GatewayRefusal,
  call: ToolCall,
  connection: string,
  grant: HeldGrant,
): GatewayRefusal {
  if (error.remedy !== "ask") return error;
  const others = call
    .grantsOn(connection)
    .filter((other) => other.operations.some((name) => !grant.operations.includes(name)))
    .map((other) => `${other.id} (${other.operations.join(", ")})`);
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
