import { protocols } from "../../../packages/gateway/src/main/protocols.ts";
import type { Verdict } from "../../../packages/gateway/src/gate/protocol.ts";
import type { Act, Load } from "../case.ts";

/** What a connection's scopes are judged by. */
async function judging(load: Load, connection: string) {
  const { configuration } = await load({}, files);
  const found = configuration.connections.get(connection);
  const protocol = protocols.find(({ kind }) => kind === found?.kind);
  if (found === undefined || protocol === undefined) throw new TypeError(`no connection ${connection}`);
  const scopes = Array.from(found.operations.values(), ({ name, scope }) => ({
    name: `${connection}/${name}`,
    scope: scope as never,
  }));
  await protocol.ready();
  return { protocol, scopes, target: found.target };
}

function outcomeOf(verdict: Verdict<unknown>): string {
  return verdict.kind === "permit" ? "passed" : `${verdict.denial.rule} | ${verdict.denial.message}`;
}

/** An act in its text form, as `mayflyd judge` takes it. */
export function judge(connection: string, text: string): Act {
  return async (load) => {
    const { protocol, scopes, target } = await judging(load, connection);
    return outcomeOf(await protocol.trial(scopes, target)(text));
  };
}

/** An act in the protocol's own form: what its text form cannot say. */
export function judgeAct(connection: string, act: unknown): Act {
  return async (load) => {
    const { protocol, scopes, target } = await judging(load, connection);
    return outcomeOf(protocol.compile(scopes, target)(act as never));
  };
}

/** Files that scopes name. */
const files = {
  "invoice.json": '{"type":"object","properties":{"invoice":{"type":"string"}},"required":["invoice"]}',
  "any.json": "{}",
};
