import { decodeTarget } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { Expected } from "../expected.ts";
import type { FrontendState } from "./state.ts";

/** Close ('C'): drops a statement or portal. */
export function close(state: FrontendState, start: number, end: number): void {
  const { statements, portals, expected } = state.shared;
  const { kind, name } = decodeTarget(state.chunk, start + 5, end);
  (kind === "P" ? portals : statements).begin(name, undefined);
  const entry = new Expected(type.close);
  entry.name = name;
  entry.isOfPortal = kind === "P";
  expected.add(entry);
}
