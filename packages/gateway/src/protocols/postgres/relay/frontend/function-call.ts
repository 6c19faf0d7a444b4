import { type, u32, WireError } from "../../wire/framing.ts";
import { Expected } from "../expected.ts";
import { refuse, unreadable } from "./refusing.ts";
import type { FrontendState } from "./state.ts";

/** FunctionCall ('F'): no text says what it does, so that no operation grants it. */
export function functionCall(state: FrontendState, start: number, end: number): void {
  if (end - start < 9) throw new WireError("08P01", "invalid message format: function call");
  const oid = u32(state.chunk, start + 5);
  const error = unreadable(
    state,
    `FunctionCall ${oid} is not SQL`,
    `{"function":${oid},"kind":"function call"}`,
    (denied) => ({
      rule: denied?.rule ?? "protocol",
      remedy: "never",
      hint: "call the function in a SELECT, if an operation allows it",
      message: "function calls outside of SQL are not allowed",
    }),
  );
  refuse(state, new Expected(type.query), start, end, error);
}
