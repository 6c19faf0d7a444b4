import { writeFile } from "node:fs/promises";
import path from "node:path";
import { type OktaStandIn, type OktaStandInOptions, startOktaStandIn } from "@mayfly/okta-stand-in";
import { type GatewayProcess, startGateway } from "./gateway.ts";
import { freePort } from "./ports.ts";
import { startAll } from "./undo.ts";

/** A gateway as a process with a small configuration of its own, and the stand-in for Okta that it trusts. */
export interface ConfiguredGateway {
  readonly folder: string;
  readonly okta: OktaStandIn;
  readonly gateway: GatewayProcess;
  readonly stop: () => Promise<void>;
}

/** What it is made of. */
export interface ConfiguredGatewayOptions {
  /** Stands in the name of its temporary folder. */
  readonly name: string;
  /** Service apps: the groups of each, by client id. */
  readonly agents: Readonly<Record<string, readonly string[]>>;
  /** Whether it listens for PostgreSQL, and if not over TLS alone. Left out: it does not. */
  readonly postgres?: "tls" | "plain";
  readonly limits?: Readonly<Record<string, number>>;
  /** Members of `identity` beside `agents`, as lines of YAML. */
  readonly identity?: string;
  /** Who else is at the stand-in for Okta. */
  readonly provider?: Omit<OktaStandInOptions, "agents">;
  /** The configuration from `connections:` on. */
  readonly configuration: string;
  /** Further files of its folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Which mayflyd, from the repository's folder; left out: the one that is run from its sources. */
  readonly bin?: string;
  /** The Node that runs it; left out: the one that runs this. */
  readonly node?: string;
}

/** Starts it: about a second. A failure ends what was started. */
export function startConfiguredGateway(options: ConfiguredGatewayOptions): Promise<ConfiguredGateway> {
  return startAll(async ({ folder: makeFolder, onStop, stop }) => {
    const folder = await makeFolder(options.name);
    const clients = Object.entries(options.agents);
    const okta = await startOktaStandIn({
      ...options.provider,
      agents: clients.map(([clientId]) => ({ clientId, keys: [] })),
    });
    onStop(() => okta.close());
    const [https, port] = [await freePort(), await freePort()];
    const address = `127.0.0.1:${port}`;
    const listen = {
      https: `127.0.0.1:${https}`,
      ...(options.postgres === "tls" ? { postgres: address } : {}),
      ...(options.postgres === "plain" ? { postgres: { address, allow_insecure_loopback: true } } : {}),
    };
    const directory = clients.map(([id, groups]) => `      ${id}: ${JSON.stringify({ name: id, groups })}`);
    for (const [name, text] of Object.entries(options.files ?? {}))
      await writeFile(path.join(folder, name), text);
    const file = path.join(folder, "mayfly.yaml");
    await writeFile(
      file,
      `url: https://127.0.0.1:${https}
listen: ${JSON.stringify(listen)}
store: sqlite:data/mayfly.db
limits: ${JSON.stringify(options.limits ?? {})}
identity:
  agents:
    issuer: ${okta.issuer}
    audience: ${okta.audience}
    allow_insecure_loopback: true
    directory:
${directory.join("\n")}
${options.identity ?? ""}${options.configuration}`,
    );
    const gateway = await startGateway(file, options.environment ?? {}, options.bin, [], options.node);
    onStop(() => gateway.stop("SIGKILL"));
    return { folder, okta, gateway, stop };
  });
}
