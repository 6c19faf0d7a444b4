import type { Access } from "@mayfly/sdk";
import type { Command } from "commander";
import { command, connect, splitOperations } from "../context.ts";
import { UsageError } from "../exit.ts";
import { requireProgram } from "../find-program.ts";
import { running, type RunOptions, runWithGrant } from "../run-with-grant.ts";

/**
 * `mayfly connect`.
 * @param args what stands behind `--` on the command line: the client's own
 */
export function connectCommand(args: readonly string[]): Command {
  return running(
    command(
      "connect <operations...>",
      "Request, wait for approval, open the right client, and release when it ends",
      'mayfly connect orders-db/read-orders --reason "TICKET-123"\nmayfly connect prod-cluster/read-pods --reason "TICKET-123" -- get pods',
      // Its output is the client's.
      ["json"],
    ),
  )
    .usage("[options] CONNECTION/OPERATION... [-- ARGUMENTS...]")
    .addHelpText(
      "after",
      "\nA database opens in psql. For a cluster, an API or an MCP server a shell opens\n" +
        "(SHELL) in which kubectl, or curl with the printed line, works; its end releases\n" +
        "the grant. Arguments behind -- go to psql, or to kubectl in the shell's place.\n" +
        "The environment, the lease, signals and the exit code are those of mayfly run.",
    )
    .action(async (names: string[], options: RunOptions) => {
      splitOperations(names);
      const shell = process.env["SHELL"];
      const offers = await connect(options).mayfly.operations();
      const protocol = offers.find(({ name }) => names.includes(name))?.protocol;
      if (protocol !== undefined) {
        const [program] = clientOf({ protocol }, args, shell).client;
        requireProgram(program, `mayfly connect opens ${program} on this connection: install it first`);
      }
      await runWithGrant(names, options, (access, say) => {
        const { client, words } = clientOf(access, args, shell);
        for (const line of words) say(line);
        return client;
      });
    });
}

/** A client, and what is said before it opens. */
interface Client {
  readonly client: readonly [program: string, ...args: string[]];
  readonly words: readonly string[];
}

/** The client for a way in. @param shell the user's; undefined: `sh` */
export function clientOf(
  { protocol, url }: Pick<Access, "protocol" | "url">,
  args: readonly string[],
  shell = "/bin/sh",
): Client {
  const inShell = (...words: readonly string[]): Client => ({
    client: [shell],
    words: [...words.map((line) => `mayfly: ${line}`), "mayfly: exit ends this shell and releases the grant"],
  });
  if (protocol === "postgres") return { client: ["psql", ...args], words: [] };
  if (protocol === "kubernetes") {
    if (args.length > 0) return { client: ["kubectl", ...args], words: [] };
    return inShell("kubectl works in this shell (KUBECONFIG)");
  }
  if (args.length > 0)
    throw new UsageError(
      `no client of ${protocol} takes arguments`,
      "mayfly run … -- COMMAND runs any command with the ways in",
    );
  if (protocol === "mcp")
    return inShell(`MCP server ${url ?? ""}`, 'send it the header "Authorization: Bearer $MAYFLY_BEARER"');
  return inShell(
    `base URL ${url ?? ""}`,
    'curl -H "Authorization: Bearer $MAYFLY_BEARER" "$MAYFLY_HTTP_URL/…"',
  );
}
