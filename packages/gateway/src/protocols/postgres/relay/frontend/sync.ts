import { decodeEmpty } from "../../wire/codec.ts";
import { Expected } from "../expected.ts";
import { type } from "../../wire/framing.ts";
import type { FrontendState } from "./state.ts";

/** Sync ('S'): ends a segment of a pipeline; the server answers it with ReadyForQuery, whatever came before. */
export function sync(state: FrontendState, start: number, end: number): void {
  const { statements, portals, expected } = state.shared;
  decodeEmpty(start + 5, end);
  statements.endSegment();
  portals.endSegment();
  expected.add(new Expected(type.sync));
}

/** Flush ('H'): has the server say what it has; it owes nothing for it. */
export function flush(start: number, end: number): void {
  decodeEmpty(start + 5, end);
}
