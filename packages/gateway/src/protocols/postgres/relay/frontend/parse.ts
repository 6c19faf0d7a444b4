import { decodeParse } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { isParameterType, boundOfType, typeDenial } from "../../wire/parameter-types.ts";
import { Expected } from "../expected.ts";
import type { Statement } from "../shared.ts";
import type { Bounds } from "../../act.ts";
import { effectsKnown, boundsKnown, masksKnown } from "../texts.ts";
import { settleParse } from "./pending-parse.ts";
import { refuse, tooLong, tooManyStatements, unreadable } from "./refusing.ts";
import type { FrontendState } from "./state.ts";

/** Parse ('P'): an act by itself, or one with the Execute that follows. @returns false when it has to wait */
export function parse(state: FrontendState, start: number, end: number): boolean {
  const { statements, expected } = state.shared;
  settleParse(state);
  const { statementBytes } = state.options;
  const { name, sql, sqlAt, sqlEnd, types } = decodeParse(state.chunk, start + 5, end, statementBytes);
  const text = sql === undefined ? undefined : state.textOf(sql);
  if (text !== undefined && !state.isJudged(text)) return false;
  const entry = new Expected(type.parse);
  entry.name = name;
  const refused = (error: Buffer): true => {
    // Nothing is held of what the server will never have.
    statements.begin(name, undefined);
    refuse(state, entry, start, end, error);
    return true;
  };
  if (text === undefined) return refused(tooLong(state, "parse", sqlAt, sqlEnd));
  if (state.isFull(statements)) return refused(tooManyStatements());
  const denied = types.find((oid) => !isParameterType(oid));
  if (denied !== undefined) return refused(refusedType(state, denied));
  const bounds = [...(boundsKnown(text) ?? []), ...boundsOf(types)];
  const masks = masksKnown(text)?.[0] ?? undefined;
  const statement: Statement = {
    text,
    effects: effectsKnown(text),
    madeAt: state.ran,
    ...(bounds.length === 0 ? {} : { bounds }),
    ...(masks === undefined ? {} : { masks }),
  };
  entry.statement = statement;
  statements.begin(name, statement);
  expected.add(entry);
  state.pendingParse = { start, end, entry, statement, name };
  return true;
}

/** Records that a parameter's type was refused, and answers it. */
function refusedType(state: FrontendState, oid: number): Buffer {
  return unreadable(
    state,
    `parameter of type ${oid} is not SQL`,
    `{"kind":"parse","parameter":${oid}}`,
    (denied) => typeDenial(oid, denied?.rule),
  );
}

/** How long values may be for the types that the client declares. */
function boundsOf(types: readonly number[]): Bounds {
  return types.flatMap((oid, at) => {
    const bound = boundOfType(oid);
    return bound === undefined ? [] : [[at + 1, bound] as const];
  });
}
