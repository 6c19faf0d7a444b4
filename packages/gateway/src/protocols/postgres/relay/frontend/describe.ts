import { decodeTarget } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { Expected } from "../expected.ts";
import type { FrontendState } from "./state.ts";

/** Describe ('D'): asks what a statement or portal takes and gives. */
export function describe(state: FrontendState, start: number, end: number): void {
  decodeTarget(state.chunk, start + 5, end);
  state.shared.expected.add(new Expected(type.describe));
}
