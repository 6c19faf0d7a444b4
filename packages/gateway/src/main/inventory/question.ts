import { readFile } from "node:fs/promises";
import { withoutEnding } from "../../configuration/observe.ts";
import { formatProblems } from "../../configuration/problems.ts";
import type { ConnectionConfiguration } from "../../configuration/types.ts";
import type { Inventory, ProposalParts } from "../../gate/inventory/inventory.ts";
import type { AnyProtocol, NamedScope } from "../../gate/protocol.ts";
import { nameHint } from "../../kernel/closest-name.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { load } from "../load.ts";
import { protocols } from "../protocols.ts";
import { ConfigurationRefused } from "../reload.ts";
import type { GivenSource } from "./given.ts";
import type { InventoriedKind } from "./kind.ts";
import { type InventoryOptions, partOf } from "./options.ts";

/** The kinds of connections of which inventories are made. */
export const kinds: readonly (InventoriedKind & { readonly protocol: AnyProtocol })[] = protocols.flatMap(
  (protocol) =>
    protocol.inventory === undefined
      ? []
      : [{ kind: protocol.kind, inventory: protocol.inventory, protocol }],
);

/** What is asked, with the connection that it is about. */
export interface Question {
  readonly options: InventoryOptions;
  readonly sources: readonly GivenSource[];
  readonly inventory: Inventory<unknown>;
  readonly configured: ConnectionConfiguration | undefined;
  readonly scopes: readonly NamedScope<unknown>[];
  readonly parts: Pick<ProposalParts, "target" | "structure">;
  /** The part of the target whose acts count; undefined: there may be one alone. */
  readonly within: string | undefined;
}

/**
 * @param configured undefined: it is not configured yet
 * @throws MayflyError where an option is about another kind of connection, or the structure cannot be read
 */
export async function questionOf(
  options: InventoryOptions,
  kind: InventoriedKind,
  configured: ConnectionConfiguration | undefined,
  sources: readonly GivenSource[],
): Promise<Question> {
  const { connection, schema, searchPath } = options;
  const { inventory } = kind;
  const asked = partOf(options, kind);
  // What ends is not among them: an observed connection may have none.
  if ((options.check || options.unused) && configured?.operations.size === 0)
    throw new MayflyError("no_operations", `${connection} has no operation but the one that is observed`, {
      hint: `propose some first: mayflyd inventory --connection ${connection} -c ${options.config} …`,
    });
  return {
    options,
    sources,
    inventory,
    configured,
    scopes: [...(configured?.operations ?? [])].map(([operation, { scope }]) => ({
      name: `${connection}/${operation}`,
      scope,
    })),
    parts: {
      target:
        configured?.target ??
        (searchPath === undefined
          ? undefined
          : { search_path: searchPath.split(",").map((name) => name.trim()) }),
      ...(schema === undefined ? {} : { structure: await textOf(schema, inventory) }),
    },
    within: asked ?? (configured === undefined ? undefined : inventory.within(configured.target)),
  };
}

/** A connection of a configuration, without operations that end. @throws MayflyError when it cannot be loaded, or has none of that name */
export async function connectionOf(file: string, name: string): Promise<ConnectionConfiguration> {
  const loaded = await load(file, protocols, process.env, "named");
  if (!loaded.ok) throw new ConfigurationRefused(formatProblems(loaded.problems));
  const { connections } = loaded.configuration;
  const connection = connections.get(name);
  // What an observed connection grants for a while is what operations are to be proposed for.
  if (connection !== undefined) return withoutEnding(connection);
  throw new MayflyError("unknown_connection", `${file} has no connection ${name}`, {
    hint: nameHint(name, [...connections.keys()], "it has") ?? "it has none",
  });
}

async function textOf(file: string, { structure }: Inventory<unknown>): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new MayflyError("unreadable_file", `cannot read ${file}`, {
      hint: `it is ${structure}`,
      cause: error,
    });
  }
}
