import { withoutEnding } from "../../configuration/observe.ts";
import { formatProblems } from "../../configuration/problems.ts";
import type { Configuration, ConnectionConfiguration } from "../../configuration/types.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import { endpointOf } from "../../gate/web/endpoint-of.ts";
import { nameHint } from "../../kernel/closest-name.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { systemClock } from "../../kernel/clock.ts";
import { shellQuote } from "../../kernel/shell-quote.ts";
import { readBlock } from "../../kernel/address-blocks.ts";
import { addressesOf } from "../addresses.ts";
import { type Closing, closingOf, type PrintedFile } from "../close/files.ts";
import { formatClosing } from "../close/format.ts";
import { type CloseOptions, type Installation, readInstallation } from "../close/options.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import { jsonText, say, tell } from "../terminal.ts";

/** All addresses of a name as this machine resolves it, as blocks; none where it has none here. */
async function blocksOf(host: string): Promise<readonly string[]> {
  return (await addressesOf(host, systemClock)).map((address) => readBlock(address)).toSorted();
}

/** A host as a shell and every file take it. @throws MayflyError */
function checkHost(host: string): void {
  if (!/^[A-Za-z0-9_.:-]{1,253}$/.test(host) || host.startsWith("-"))
    throw new MayflyError("cannot_close", `${JSON.stringify(host)} cannot stand in such a file`, {
      hint: "write the target's name or address plainly",
    });
}

/** Where agents reach a gateway: at its URL, and at the ports that it listens at. */
function portsOf({ url, listen }: Configuration): readonly number[] {
  const { port } = new URL(url);
  const own = [...listen.ports.values()].map((each) => each.port);
  const all = [port === "" ? 443 : Number(port), listen.https.port, ...own];
  return [...new Set(all)].filter((each) => each > 0).toSorted((one, other) => one - other);
}

async function ask(
  configuration: Configuration,
  protocol: AnyProtocol,
  connection: ConnectionConfiguration,
  installation: Installation,
): Promise<Closing> {
  const { name, kind, target, operations } = connection;
  const same = [...configuration.connections.values()].filter((each) => each.kind === kind);
  const paths = protocol.directPaths?.(target, {
    connection: name,
    gateways: installation.gateways,
    kept: installation.kept,
    ...(installation.account === undefined ? {} : { account: installation.account }),
    scopes: new Map([...operations].map(([operation, { scope }]) => [operation, scope])),
    targets: new Map(same.map((each) => [each.name, each.target])),
  });
  if (paths === undefined)
    throw new MayflyError("cannot_close", `Mayfly does not know what else leads to a target of ${kind}`);
  for (const { host } of paths.endpoints) checkHost(host);
  const hosts = [...new Set(paths.endpoints.map(({ host }) => host))];
  const given = installation.addresses;
  const addresses = new Map(
    await Promise.all(
      hosts.map(async (host) => [host, given.length > 0 ? given : await blocksOf(host)] as const),
    ),
  );
  const { host: gatewayHost } = endpointOf(configuration.url);
  const { entries } = installation;
  const place = {
    connection: name,
    paths,
    installation,
    addresses,
    entries: entries.length > 0 ? entries : await blocksOf(gatewayHost),
    gatewayHost,
    gatewayPorts: portsOf(configuration),
  };
  const [operation = "OPERATION"] = operations.keys();
  const through = `mayfly request ${name}/${operation} --reason "is the way through open?"`;
  return closingOf(place, protocol.address?.(target) ?? name, through);
}

/**
 * `mayflyd close CONNECTION`: prints what leaves the gateway as the only way to its target.
 * @param typed what was typed behind `mayflyd`
 * @returns the exit code
 */
export async function close(name: string, options: CloseOptions, typed: readonly string[]): Promise<number> {
  const installation = readInstallation(options);
  const loaded = await load(options.config, protocols, process.env, "named");
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { configuration } = loaded;
  const connection = configuration.connections.get(name);
  const protocol = protocols.find(({ kind }) => kind === connection?.kind);
  if (connection === undefined || protocol === undefined)
    throw new MayflyError("unknown_connection", `${options.config} has no connection ${name}`, {
      hint: nameHint(name, configuration.connections.keys(), "it has") ?? "it has none",
    });
  const lasting = withoutEnding(connection);
  if (connection.operations.size > lasting.operations.size)
    tell(
      `mayflyd: ${name} is observed: these files are for when it no longer is, and leave less to its account`,
    );
  const closing = await ask(configuration, protocol, lasting, installation);
  if (options.only !== undefined) {
    const file = fileOf(closing, options.only);
    // What a file does to others is read even by who saves it at once.
    for (const note of file.notes) tell(`- ${note}`);
    say(file.content);
  } else if (options.json) say(jsonText(closing, 2));
  else say(formatClosing(closing, ["mayflyd", ...typed].map(shellQuote).join(" ")));
  return 0;
}

/** One file. @throws MayflyError when it is not printed */
function fileOf({ connection, files, missing }: Closing, name: string): PrintedFile {
  const file = files.find((each) => each.name === name);
  if (file !== undefined) return file;
  const why = missing.find((each) => each.name === name)?.why;
  const names = files.map((each) => each.name);
  throw new MayflyError("no_file", `${connection} has no file ${name}`, {
    hint: why ?? nameHint(name, names, "it has") ?? "it has none",
  });
}
