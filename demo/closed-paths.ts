import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { ShopNetwork } from "@mayfly/testing/shop-network.ts";
import { expect, expectCode, type Shell } from "./shell.ts";
import type { Step } from "./step.ts";

/** The three hosts' shells. They share a folder; nothing else of this machine's is in sight of the probe. */
async function shellsOn(network: ShopNetwork, shell: Shell) {
  const { folder, hosts, tokens } = network;
  const on = async (name: string, more: Readonly<Record<string, string>>): Promise<Shell> => {
    const home = path.join(folder, `home-of-${name}`);
    await mkdir(home);
    return shell.in({
      name,
      folder,
      enter: [
        "ip",
        "netns",
        "exec",
        hosts.namespaceOf(name),
        "sh",
        "-c",
        `mount --bind ${network.hostsFile} /etc/hosts && mount -t tmpfs tmpfs /run && exec "$@"`,
        "sh",
      ],
      environment: {
        ...Object.fromEntries(
          ["PATH", "LD_LIBRARY_PATH", "NODE_COMPILE_CACHE"].map((each) => [each, process.env[each]]),
        ),
        HOME: home,
        MAYFLY_URL: network.url,
        MAYFLY_CA: network.caFile,
        ...more,
      },
    });
  };
  return {
    agent: await on("agent", { MAYFLY_TOKEN: tokens.agent }),
    gateway: await on("gateway", { MAYFLY_TOKEN: tokens.operator }),
    database: await on("database", { PGHOST: path.dirname(network.data), PGUSER: "postgres" }),
  };
}

/** What `mayflyd close` says is to be typed to put a file into force. */
async function applyOf(gateway: Shell, line: string, name: string): Promise<string> {
  const printed = await gateway.run(`${line} --json 2> notes`, { quiet: true });
  expectCode(printed, line, 0);
  const { files } = JSON.parse(printed.text) as {
    files: readonly { readonly name: string; readonly apply: readonly string[] }[];
  };
  return files.find((file) => file.name === name)?.apply.join("\n") ?? `echo ${name} was not printed; false`;
}

const direct = 'psql -h db.internal -U support shop -Atc "select count(*) from orders"';
const through =
  'mayfly run orders-db/read-where-closed --reason "TICKET-4711: a look" -- psql -Atc "select count(*) from orders"';

/** On three hosts of their own: what an agent has at rest before the direct paths are closed, and behind that. */
export const closedPaths: Step = {
  title:
    "No way around: an agent on another host has a password of its own; the probe finds it, what `mayflyd close` prints shuts it out, and only then the policy lets the agent in",
  async run({ network, noNetwork }, shell) {
    if (network === undefined) {
      console.log(`    left out here: ${noNetwork}`);
      return;
    }
    console.log(
      `    an agent's host 10.77.0.7, a gateway's 10.77.0.5, and db.internal 10.77.0.10 with a database and a cluster's API server:
    the network namespaces ${network.hosts.namespaceOf("agent")}, -gateway and -database`,
    );
    const { agent, gateway, database } = await shellsOn(network, shell);
    const probe = async (): ReturnType<Shell["run"]> => {
      expectCode(await gateway.run("umask 077; mayfly probe-token > probe-token"), "the probe's token", 0);
      return agent.run("mayfly probe --token-file probe-token");
    };
    const role = "create role support login password 'left-here'; grant select on orders to support";
    expectCode(await database.run(`psql shop -qc "${role}"`), "the agent's own role", 0);
    const left = "db.internal:5432:shop:support:left-here";
    expectCode(await agent.run(`umask 077; echo ${left} > ~/.pgpass`), "the agent's password", 0);
    const before = await agent.run(direct);
    expectCode(before, "the direct way", 0);
    expect(before, "the direct way", /^\d+$/m);
    const open = await probe();
    expectCode(open, "the probe of an open host", 7);
    expect(
      open,
      "the probe of an open host",
      /^orders-db: open with a credential$/m,
      /^prod-cluster: open$/m,
    );
    const denied = await agent.run(through);
    expectCode(denied, "the request from an open host", 3);
    expect(denied, "the request from an open host", /orders-db was found open from here/);

    const close = "mayflyd close orders-db --gateway 10.77.0.5 --gateway fd77::5 --entry 10.77.0.5";
    const file = await gateway.run(
      `${close} --only pg_hba 2> notes > orders-db.pg_hba; cat orders-db.pg_hba`,
    );
    expectCode(file, "close", 0);
    console.log("  (on the database's host, the commands that are printed with it are pasted)");
    const input = await applyOf(gateway, close, "pg_hba");
    expectCode(await database.run("bash", { input, quiet: true }), "the lines of pg_hba.conf", 0);
    const rejected = await agent.run(direct);
    expectCode(rejected, "the direct way behind pg_hba.conf", 2);
    expect(rejected, "the direct way behind pg_hba.conf", /FATAL: +pg_hba\.conf rejects connection/);
    for (const line of [close, "mayflyd close prod-cluster --entry 10.77.0.5"]) {
      const file = `${line.split(" ")[2]}.nftables-agents`;
      const printed = `${line} --only nftables-agents 2> notes > ${file}`;
      expectCode(await gateway.run(printed), "close", 0);
      expectCode(await agent.run(`nft -f ${file}`), "the agent's firewall", 0);
    }
    expectCode(await agent.run("rm ~/.pgpass"), "taking the password away", 0);

    const closed = await probe();
    expectCode(closed, "the probe of a closed host", 0);
    expect(closed, "the probe of a closed host", /closed: no way around the gateway was found/);
    const given = await agent.run(through);
    expectCode(given, "the request from a closed host", 0);
    expect(given, "the request from a closed host", new RegExp(`^${before.text.trim()}$`, "m"), /released/);
  },
};
