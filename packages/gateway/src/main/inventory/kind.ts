import type { Inventory } from "../../gate/inventory/inventory.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { noSuchFormat, unknownFormat } from "./formats.ts";
import type { Begun } from "./given.ts";

/** A kind of connection of which inventories are made. */
export interface InventoriedKind {
  readonly kind: string;
  readonly inventory: Inventory<unknown>;
}

/** What tells the kind of a connection beside the sources. */
export interface KindTold {
  readonly connection: string;
  /** What the configuration says; left out: it is not configured yet. */
  readonly configured?: string;
  readonly kind?: string;
  readonly format?: string;
}

/**
 * The kind of a connection as the configuration, an option or a format's name tells it.
 * @returns undefined: nothing tells it but the sources
 * @throws MayflyError where no inventory is made of it, or options contradict what is configured
 */
export function toldKind<Kind extends InventoriedKind>(
  kinds: readonly Kind[],
  { connection, configured, kind, format }: KindTold,
): Kind | undefined {
  if (configured !== undefined && kind !== undefined && kind !== configured)
    throw new MayflyError("bad_options", `${connection} is a connection of ${configured}, not of ${kind}`, {
      hint: "leave --kind out: the configuration says it",
    });
  const named = configured ?? kind;
  if (named !== undefined) {
    const found = kinds.find((each) => each.kind === named);
    if (found !== undefined) return found;
    throw new MayflyError(
      "no_inventory",
      configured === undefined
        ? `no inventory is made of ${named}`
        : `${connection} is a connection of ${named}, of which no inventory is made yet`,
      { hint: `it is made of ${kinds.map((each) => each.kind).join(", ")}` },
    );
  }
  if (format === undefined) return undefined;
  const found = kinds.find(({ inventory }) => inventory.sources.some((source) => source.format === format));
  if (found !== undefined) return found;
  throw noSuchFormat(
    format,
    kinds.map(({ inventory }) => inventory),
  );
}

/**
 * The kind of a connection as the first source begins that holds something: the first that recognizes it.
 * @param begun undefined: all sources are empty, or of Mayfly's own, which hold acts of every kind
 * @throws MayflyError where none does
 */
export function begunKind<Kind extends InventoriedKind>(
  kinds: readonly Kind[],
  connection: string,
  begun: Begun | undefined,
): Kind {
  if (begun === undefined)
    throw new MayflyError("unknown_kind", `the sources do not tell of what kind ${connection} is`, {
      hint: `say which: ${kinds.map(({ kind }) => `--kind ${kind}`).join(" or ")}`,
    });
  const found = kinds.find(({ inventory }) =>
    inventory.sources.some((source) => source.recognizes(begun.beginning)),
  );
  if (found !== undefined) return found;
  throw unknownFormat(
    begun.path,
    kinds.map(({ inventory }) => inventory),
  );
}
