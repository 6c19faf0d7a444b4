import { resultFormats, valuesOf } from "../../wire/bind-values.ts";
import { decodeBind } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { Expected } from "../expected.ts";
import { errorOf, refuse, tooLongValue } from "./refusing.ts";
import { tooLong } from "./measure.ts";
import { hasMasked, type Statement } from "../shared.ts";
import type { FrontendState } from "./state.ts";

/** Bind ('B'): gives a statement values, under the name of a portal. @returns false when it has to wait */
export function bind(state: FrontendState, start: number, end: number): boolean {
  const { statements, portals, expected } = state.shared;
  const {
    portal: name,
    statement: statementName,
    parameters,
    formatsAt,
    resultsAt,
  } = decodeBind(state.chunk, start + 5, end);
  const statement = statements.lookup(statementName);
  if (statement === "unsettled") return false;
  const error = statement === "unknown" ? notThere(statementName) : refusalOf(state, statement, formatsAt);
  const portal =
    statement === "unknown" || error !== undefined
      ? undefined
      : {
          statement,
          statementName,
          parameters,
          madeAt: state.ran,
          ...(hasMasked(statement) ? { formats: resultFormats(state.chunk, resultsAt) } : {}),
        };
  const entry = new Expected(type.bind);
  entry.portal = portal;
  entry.name = name;
  entry.isOfPortal = true;
  portals.begin(name, portal);
  if (error === undefined) expected.add(entry);
  else refuse(state, entry, start, end, error);
  return true;
}

function notThere(name: string): Buffer {
  const what = name === "" ? "unnamed prepared statement" : `prepared statement "${name}"`;
  return errorOf("26000", `${what} does not exist`);
}

/** Why the statement may not be given these values; undefined: it may. */
function refusalOf(state: FrontendState, { bounds = [] }: Statement, formatsAt: number): Buffer | undefined {
  if (state.isFull(state.shared.portals)) return errorOf("54000", "too many portals in one session");
  if (bounds.length === 0) return undefined;
  const values = valuesOf(state.chunk, formatsAt);
  const long = tooLong(bounds, (number) => values[number - 1] ?? null);
  return long === undefined ? undefined : tooLongValue(long);
}
