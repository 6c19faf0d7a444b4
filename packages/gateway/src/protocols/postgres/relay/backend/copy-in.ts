import { type, WireError } from "../../wire/framing.ts";
import type { Expected } from "../expected.ts";
import type { BackendState } from "./state.ts";

/** CopyInResponse ('G'): the server takes the data of a COPY. @throws WireError when something was sent behind it */
export function copyInResponse(state: BackendState): void {
  const { shared } = state;
  const { expected } = shared;
  // What was sent behind the COPY the server reads as its data's end or as a mistake; only Sync it ignores.
  state.head(type.query, type.execute);
  const behind: Expected[] = [];
  for (let number = expected.next - expected.length + 1; number < expected.next; number += 1) {
    const entry = expected.at(number);
    if (entry !== undefined) behind.push(entry);
  }
  if (behind.some((entry) => entry.kind !== type.sync))
    throw new WireError("08P01", "messages were sent behind a COPY from stdin before it started");
  expected.dropBehindHead();
  shared.copyIn = true;
  shared.syncInCopy = false;
}
