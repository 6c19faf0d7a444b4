import * as z from "zod";
import { duration } from "../../kernel/durations.ts";
import { Secret, textFileSchema } from "../../kernel/secret.ts";
import {
  namedValueSchema,
  refuseHeaders,
  refuseWritten,
  targetHeadersSchema,
} from "../../gate/web/target-headers.ts";

const loopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
const MAX_TIMEOUT_MS = 600_000;

/** How an MCP server is reached: `mcp:` of a connection. */
export const targetSchema = z
  .strictObject({
    url: z.string().optional().describe("A server of Streamable HTTP"),
    headers: targetHeadersSchema,
    ca: textFileSchema.optional().describe("PEM file of the CA that signed the server's certificate"),
    allow_plaintext: z.boolean().default(false).describe("Lets the URL be http:// beyond this machine"),
    command: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("A server that the gateway starts, by stdio: program and arguments"),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), namedValueSchema)
      .default({})
      .describe("The whole environment of that program"),
    pins: z
      .record(z.string(), z.string().regex(/^sha256:[0-9a-f]{64}$/, "write what mayflyd pin prints"))
      .default({})
      .describe(
        "Digests of the definitions of tools, and of prompts (prompt:NAME), as the operator accepted them; mayflyd pin prints them",
      ),
    timeout: duration(1, MAX_TIMEOUT_MS)
      .prefault("60s")
      .describe("How long each request to the server may take"),
  })
  .superRefine((target, context) => {
    const add = (path: (string | number)[], message: string, hint: string): void =>
      context.addIssue({ code: "custom", path, message, params: { hint } });
    if ((target.url === undefined) === (target.command === undefined))
      add([], "an MCP server is reached by url or started by command", "write one of them");
    if (target.url !== undefined) {
      if (!URL.canParse(target.url)) add(["url"], "this is not a URL", "write https://HOST/mcp");
      else {
        const { protocol, hostname, username, password } = new URL(target.url);
        if (username !== "" || password !== "")
          add(["url"], "a password does not belong in this URL", "use headers");
        if (protocol !== "https:" && protocol !== "http:")
          add(["url"], "this must start with https://", "write https://HOST/mcp");
        if (protocol === "http:" && !loopback(hostname) && !target.allow_plaintext)
          add(
            ["url"],
            "http:// sends the credential in the clear",
            "use https://, or set allow_plaintext: true",
          );
      }
    }
    refuseHeaders(target.headers, (name, message, hint) => add(["headers", name], message, hint));
    refuseWritten(target.env, (name, message, hint) => add(["env", name], message, hint));
  });

/** A target with its defaults filled in. */
export type McpTarget = z.output<typeof targetSchema>;

/** Named values with their secrets revealed: for the one place that needs them. */
export function reveal(values: McpTarget["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, given]) => [name, given instanceof Secret ? given.reveal() : given]),
  );
}
