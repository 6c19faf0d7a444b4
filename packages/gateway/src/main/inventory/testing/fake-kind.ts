import type { Inventory } from "../../../gate/inventory/inventory.ts";
import type { InventoriedKind } from "../kind.ts";

/** A kind of connection that no protocol is behind. @param formats of its sources: a text that begins so is in that format */
export function fakeKind(kind: string, part: string, formats: readonly string[] = []): InventoriedKind {
  const inventory: Pick<Inventory<unknown>, "act" | "part" | "sources" | "formatHint"> = {
    act: "act",
    part,
    sources: formats.map((format) => ({
      format,
      recognizes: (beginning) => beginning.startsWith(format),
      // oxlint-disable-next-line no-empty-function
      async *read() {},
    })),
    formatHint: `${kind} writes one`,
  };
  return { kind, inventory: inventory as Inventory<unknown> };
}
