import { startLongQuery, showCut } from "./long-query.ts";
import { signIn } from "./persons.ts";
import { expect, expectCode, Unexpected } from "./shell.ts";
import type { Step } from "./step.ts";
import { itsPerson, registeredAgent } from "./world.ts";

const profile = "incident-bot";

/** A registered AI agent that acts for a person, and its end in Okta. */
export const registered: readonly Step[] = [
  {
    title:
      "A registered AI agent acts for a person: Sana signs in to its linked app, and the agent exchanges her ID token for an ID-JAG and that for a token",
    async run(world, shell) {
      const options = ` --agent ${registeredAgent} --key ${world.registeredKey} --person device --resource ${world.gateway.url}`;
      await signIn(world, shell, profile, itsPerson, options);
      const who = await shell.run(`mayfly whoami --profile ${profile}`);
      expectCode(who, "whoami", 0);
      // Its groups are its own, from the directory, and none of Sana's.
      expect(
        who,
        "whoami",
        /agent +incident-bot, client wlpincidentbot/,
        /for +sana@example\.com/,
        /groups +support-agents\n/,
      );
    },
  },
  {
    title:
      "An administrator deactivates the agent in Okta in the middle of a query: Okta's event hook ends it, though token and grant have minutes left",
    async run(world, shell) {
      const ask = `mayfly request orders-db/read-orders --profile ${profile} --ttl 5m --reason "TICKET-4712: how many orders"`;
      const given = await shell.run(ask, { quiet: true });
      console.log(`  $ ${ask}`);
      expectCode(given, "the request", 0);
      const dsn = /^dsn (\S+)$/m.exec(given.text)?.[1] ?? "";
      const { cut } = await startLongQuery(world, shell, dsn);
      console.log("    … rows are arriving; in Okta: Directory > AI agents > incident-bot > Deactivate");
      const at = performance.now();
      world.okta.lifecycle.deactivate(registeredAgent);
      const ended = await cut;
      const took = performance.now() - at;
      expect(ended, "the cut query", /FATAL: /);
      await showCut(world, ended);
      console.log(`    psql had ended ${took.toFixed(0)} ms after the click`);
      const again = await shell.run(`PGSSLROOTCERT=$MAYFLY_CA psql "${dsn}" -c "select 1"`, { quiet: true });
      console.log(`  $ psql "$DSN" -c "select 1"\n${again.text.trimEnd().replaceAll(/^/gm, "    ")}`);
      if (again.code === 0) throw new Unexpected("the grant's secret still opens a session");
      const refused = await shell.run(`mayfly operations --profile ${profile}`);
      if (refused.code === 0) throw new Unexpected("the deactivated agent's token is still taken");
    },
  },
];
