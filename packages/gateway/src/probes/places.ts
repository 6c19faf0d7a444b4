import { isOwnMachine, plainAddress } from "../kernel/addresses.ts";

/** An address as places are looked up by it. */
export interface ReadAddress {
  /** In its one form; undefined: it is no address. */
  readonly plain: string | undefined;
  /** Whether it leads whoever dials it to their own machine. */
  readonly isOwnMachine: boolean;
}

/** Names a place that can be dialled. @param plain its address in its one form */
export const placeOf = (plain: string, port: number): string => `${port} ${plain}`;

/** Names a place that can be dialled, however its address is written. */
export function placeKey(address: string, port: number): string {
  return placeOf(plainAddress(address) ?? address, port);
}

/** Reads addresses, each text once. */
export function addressReader(
  read: typeof plainAddress = plainAddress,
): (written: string | undefined) => ReadAddress {
  const known = new Map<string, ReadAddress>();
  return (written = "") => {
    const before = known.get(written);
    if (before !== undefined) return before;
    const plain = read(written);
    const found = { plain, isOwnMachine: plain !== undefined && isOwnMachine(plain) };
    known.set(written, found);
    return found;
  };
}
