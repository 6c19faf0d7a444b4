import { decodeBind } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { Expected } from "../expected.ts";
import { errorOf, refuse } from "./refusing.ts";
import type { FrontendState } from "./state.ts";

/** Bind ('B'): gives a statement values, under the name of a portal. @returns false when it has to wait */
export function bind(state: FrontendState, start: number, end: number): boolean {
  const { statements, portals, expected } = state.shared;
  const { portal: name, statement: statementName, parameters } = decodeBind(state.chunk, start + 5, end);
  const statement = statements.lookup(statementName);
  if (statement === "unsettled") return false;
  const isRefused = statement !== "unknown" && state.isFull(portals);
  const portal =
    statement === "unknown" || isRefused
      ? undefined
      : { statement, statementName, parameters, madeAt: state.ran };
  const entry = new Expected(type.bind);
  entry.portal = portal;
  entry.name = name;
  entry.isOfPortal = true;
  portals.begin(name, portal);
  if (isRefused) {
    refuse(state, entry, start, end, errorOf("54000", "too many portals in one session"));
  } else if (portal === undefined) {
    const what =
      statementName === "" ? "unnamed prepared statement" : `prepared statement "${statementName}"`;
    refuse(state, entry, start, end, errorOf("26000", `${what} does not exist`));
  } else {
    expected.add(entry);
  }
  return true;
}
