import type { Inventory } from "../../gate/inventory/inventory.ts";
import { MayflyError } from "../../kernel/errors.ts";

/** What a kind of connection says of the formats that it is read from. */
export type Formats = Pick<Inventory<unknown>, "sources" | "formatHint">;

const namesOf = (kinds: readonly Formats[]): string =>
  kinds.flatMap(({ sources }) => sources.map(({ format }) => format)).join(", ");

/** What is said of a format's name that is none. */
export const noSuchFormat = (format: string, kinds: readonly Formats[]): MayflyError =>
  new MayflyError("unknown_format", `there is no format ${format}`, { hint: `known are ${namesOf(kinds)}` });

/** What is said of a source that begins as none of the formats does. */
export function unknownFormat(path: string, kinds: readonly Formats[]): MayflyError {
  const hints = [
    `known are ${namesOf(kinds)}, and the folder of Mayfly's own audit log`,
    "--format says which it is",
    ...kinds.flatMap(({ formatHint }) => formatHint ?? []),
  ];
  return new MayflyError("unknown_format", `${path} does not begin as any known format does`, {
    hint: hints.join("; "),
  });
}
