import { closedPaths } from "./closed-paths.ts";
import { inDatabase, showCut, startLongQuery } from "./long-query.ts";
import { approveInConsole, signIn } from "./persons.ts";
import { registered } from "./registered.ts";
import { expect, expectCode, Unexpected, type Shell } from "./shell.ts";
import type { Step } from "./step.ts";
import { systems } from "./systems.ts";
import { throughMcp } from "./through-mcp.ts";
import { agentId } from "@mayfly/testing/people.ts";

/** What the agent's shell inside `mayfly run` does, and what must come of it. */
const work: readonly {
  readonly line: string;
  readonly code: number;
  readonly patterns: readonly RegExp[];
}[] = [
  { line: 'echo "$DATABASE_URL" | sed "s/:[^:@]*@/:…@/"', code: 0, patterns: [/postgresql:\/\/gr_/] },
  {
    line: 'psql -c "select o.id, c.name, o.total, o.status from orders o join customers c on c.id = o.customer_id order by o.id limit 3"',
    code: 0,
    patterns: [/\(3 rows\)/, /paid|sent/],
  },
  {
    line: 'psql -c "delete from orders"',
    code: 1,
    patterns: [/ERROR: .*delete/, /orders-db\/read-orders/, /HINT: /],
  },
  {
    line: 'psql -c "select * from payroll"',
    code: 1,
    patterns: [/ERROR: .*payroll/, /orders-db\/read-orders/, /HINT: /],
  },
  {
    line: "psql -c \"copy orders to program 'cat > /tmp/stolen'\"",
    code: 1,
    patterns: [/ERROR: /, /orders-db\/read-orders/, /HINT: /],
  },
];

const reason = "TICKET-4711: where is my parcel?";

/** The story, in order. */
export const walk: readonly Step[] = [
  {
    title: "The agent logs in with its private key (private_key_jwt) and gets an Okta-shaped access token",
    async run(world, shell) {
      expectCode(
        await shell.run(`mayfly login --client-id ${agentId} --key ${world.agentKey}`),
        "the agent's login",
        0,
      );
    },
  },
  {
    title: "At rest it can reach nothing",
    async run(world, shell) {
      const grants = await shell.run("mayfly grants --active");
      expectCode(grants, "listing grants", 0);
      const url = `postgresql://gr_made0up0by0agent:x@localhost:${world.gateway.postgresPort}/orders-db?sslmode=verify-full&sslrootcert=$MAYFLY_CA`;
      const refused = await shell.run(`psql "${url}" -c "select 1"`);
      expectCode(refused, "a made-up grant", 2);
      expect(refused, "a made-up grant", /FATAL/);
    },
  },
  {
    title: "It can see what it may request",
    async run(_world, shell) {
      expect(
        await shell.run("mayfly operations"),
        "operations",
        /orders-db\/read-orders/,
        /orders-db\/refund-order/,
        /support-leads/,
      );
    },
  },
  {
    title:
      "It asks for orders-db/read-orders for 5 minutes; policy permits; a shell gets the way in, and `mayfly run` releases it at the end",
    async run(world, shell) {
      const session = shell.open(`mayfly run orders-db/read-orders --ttl 5m --reason "${reason}" -- sh`);
      await session.until(/(?=mayfly: grant gr_)/);
      for (const { line, code, patterns } of work) {
        const outcome = await session.run(line);
        expect(outcome, line, ...patterns);
        expectCode(outcome, line, code);
      }
      const end = await session.close();
      expect(end, "the end of mayfly run", /released/);
      if ((await inDatabase(world)).length > 0) throw new Unexpected("a session is left in the database");
      const after = await shell.run("mayfly grants");
      expect(after, "the grant after its release", /released/);
    },
  },
  {
    title:
      "A refund needs a person: the request waits, a reviewer sees in the console exactly what would run and approves, and it is used",
    async run(world, shell) {
      const asked = shell.run(
        'mayfly request orders-db/refund-order --reason "TICKET-4711: parcel lost, refund" --wait',
        { quiet: true },
      );
      console.log(
        '  $ mayfly request orders-db/refund-order --reason "TICKET-4711: parcel lost, refund" --wait   (in the background)',
      );
      await signIn(world, shell, "rosa", "rosa@example.com");
      const pending = await shell.run("mayfly pending --profile rosa");
      const id = /req_[0-9a-z]+/.exec(pending.text)?.[0];
      if (id === undefined) throw new Unexpected(`nothing is pending:\n${pending.text}`);
      console.log("  The agent tries to approve its own request:");
      const own = await shell.run(`mayfly approve ${id} --yes`);
      if (own.code === 0) throw new Unexpected("the agent approved its own request");
      await approveInConsole(world, id);
      const given = await asked;
      console.log("  (the agent's request is answered)");
      expectCode(given, "the request after its approval", 0);
      const dsn = /^dsn (\S+)$/m.exec(given.text)?.[1] ?? "";
      const env = `PGSSLROOTCERT=$MAYFLY_CA`;
      const shown = `psql "$DSN"`;
      const use = async (sql: string): ReturnType<Shell["run"]> => {
        console.log(`  $ ${shown} -c "${sql}"`);
        const outcome = await shell.run(`${env} psql "${dsn}" -c "${sql}"`, { quiet: true });
        console.log(outcome.text.trimEnd().replaceAll(/^/gm, "    "));
        return outcome;
      };
      expect(await use("update orders set status = 'refunded' where id = 17"), "the refund", /UPDATE 1/);
      expect(
        await use("update orders set status = 'refunded'"),
        "a refund of everything",
        /ERROR: /,
        /HINT: /,
      );
      expect(await use("select * from orders"), "reading with the refund's grant", /ERROR: /);
      const grant = /gr_[0-9a-z]{16}/.exec(given.text)?.[0] ?? "";
      expectCode(await shell.run(`mayfly release ${grant}`), "the release", 0);
    },
  },
  {
    title: "Whoever listens was told: signed webhooks, verified by a receiver that trusts nobody",
    async run(world) {
      const event = await Promise.race([
        world.receiver.next(({ type }) => type === "approval.given"),
        new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 10_000).unref()),
      ]);
      if (event === undefined) throw new Unexpected("no webhook about the approval arrived");
      for (const { type, verified, id } of world.receiver.arrived)
        console.log(`    ${verified ? "verified" : "FORGED  "}  ${type.padEnd(20)} ${id}`);
      if (world.receiver.arrived.some(({ verified }) => !verified))
        throw new Unexpected("a webhook's signature is wrong");
    },
  },
  {
    title:
      "A grant of 6 seconds ends in the middle of a running query: cancelled in the database, connection cut",
    async run(world, shell) {
      const given = await shell.run(
        'mayfly request orders-db/read-orders --ttl 6s --reason "TICKET-4711: a long report"',
        { quiet: true },
      );
      console.log('  $ mayfly request orders-db/read-orders --ttl 6s --reason "TICKET-4711: a long report"');
      expectCode(given, "the request", 0);
      const dsn = /^dsn (\S+)$/m.exec(given.text)?.[1] ?? "";
      const { cut } = await startLongQuery(world, shell, dsn);
      console.log("    … rows are arriving; the deadline is seconds away");
      const ended = await cut;
      expect(ended, "the cut query", /FATAL: .*expired/);
      await showCut(world, ended);
    },
  },
  ...registered,
  ...systems,
  ...throughMcp,
  {
    title:
      "What the agent did becomes an inventory: the least that covers it, and what it was granted beyond that",
    async run(world, shell) {
      const least = await shell.run(`mayflyd inventory --connection orders-db --kind postgres ${world.log}`, {
        most: 60,
      });
      expectCode(least, "the inventory", 0);
      expect(least, "the inventory", /^ {6}read-orders:$/m, /public\.orders: \[id, /, /require_where: true/);
      const unused = await shell.run(
        `mayflyd inventory --connection orders-db -c ${world.folder}/mayfly.yaml --unused ${world.log}`,
      );
      expectCode(unused, "what nobody used", 3);
      expect(unused, "what nobody used", /table public\.customers select email/);
    },
  },
  closedPaths,
  {
    title:
      "The whole trail: every request, approval, statement and end, and the proof that nothing was altered",
    async run(world, shell) {
      await signIn(world, shell, "ada", "ada@example.com");
      const trail = await shell.run("mayfly audit tail --profile ada --lines 300", { most: 60 });
      expectCode(trail, "the trail", 0);
      expect(
        trail,
        "the trail",
        /request\.created/,
        /approval\.given/,
        /grant\.activated/,
        /grant\.released/,
        /grant\.expired/,
        /signal\.received/,
        /grant\.revoked/,
        /act\.intent/,
        /act\.denied/,
        /act\.outcome/,
        /billing-api/,
        /crm/,
      );
      const verified = await shell.run(`mayfly audit verify ${world.log} --key ${world.log}/log.vkey`);
      expectCode(verified, "the verification", 0);
    },
  },
];
