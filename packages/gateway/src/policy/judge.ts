import { isIP, isIPv6 } from "node:net";
import type { Context, Entities, EntityUidJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { Engine } from "./engine.ts";
import { operationId } from "./schema.ts";
import type { PolicyAsk, PolicyContext } from "./types.ts";

/** Cedar's answer for a set of policies. */
export interface Judgement {
  readonly decision: "allow" | "deny";
  /** Ids of the policies that decided: all forbids that hold, or else all permits that hold. */
  readonly determining: ReadonlySet<string>;
  /** Policies whose condition could not be evaluated, with the reason. Cedar itself skips them. */
  readonly errors: ReadonlyMap<string, string>;
}

/**
 * Why an ask cannot be put to Cedar at all, or undefined. A lone surrogate would make Cedar's JSON reader throw out of
 * WebAssembly without giving its stack back: enough such asks, and it would answer nobody any more.
 */
export function refuseAll(ask: PolicyAsk): string | undefined {
  const { principal, context } = ask;
  const { issuer, subject, client, name, groups } = principal;
  const texts = [issuer, subject, client, name, ...groups, ask.connection, ask.operation];
  texts.push(context.reason, ...context.person_groups);
  if (!texts.every((text) => text.isWellFormed())) return "the request holds text that is not valid Unicode";
  if (![context.requested_seconds, context.hour, context.weekday].every(isCount)) {
    return "the request's time is not a number that policies can judge";
  }
  if (cedarAddress(context.client_address) === undefined) return "the client's address is not an IP address";
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(Math.ceil(value)) && value >= 0;
}

/**
 * An address as Cedar's `ip` reads it, which takes neither zones nor IPv4 inside IPv6, both of which Node reports.
 * @returns undefined when it is no address; a range is none
 */
export function cedarAddress(address: string): string | undefined {
  const plain = address.replace(/%.*$/su, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(plain)?.[1];
  const used = mapped ?? plain;
  if (isIP(used) === 0) return undefined;
  return isIPv6(used) && used.includes(".") ? undefined : used;
}

/**
 * Puts an ask to Cedar.
 * @param set id under which the policies were given to the engine
 * @throws whatever the engine throws, and Error when it refuses the call; both must deny
 */
export function judge(engine: Engine, set: string, ask: PolicyAsk): Judgement {
  const principal = principalUid(ask);
  const resource = { type: "Operation", id: operationId(ask.connection, ask.operation) };
  const answer = engine.statefulIsAuthorized({
    principal,
    action: { type: "Action", id: "request" },
    resource,
    context: contextOf(ask.context),
    preparsedPolicySetId: set,
    entities: entitiesOf(ask, principal, resource),
  });
  if (answer.type !== "success") {
    throw new Error(answer.errors.map(({ message }) => message).join("; "));
  }
  const { decision, diagnostics } = answer.response;
  return {
    decision,
    determining: new Set(diagnostics.reason),
    errors: new Map(diagnostics.errors.map(({ policyId, error }) => [policyId, error.message])),
  };
}

function principalUid({ principal }: PolicyAsk): { readonly type: string; readonly id: string } {
  const { kind, issuer, subject, client } = principal;
  return { type: kind === "person" ? "Person" : "Agent", id: JSON.stringify([issuer, subject, client]) };
}

function contextOf(context: PolicyContext): Context {
  return {
    reason: context.reason,
    requested_seconds: Math.ceil(context.requested_seconds),
    hour: Math.floor(context.hour),
    weekday: Math.floor(context.weekday),
    client_address: { __extn: { fn: "ip", arg: cedarAddress(context.client_address) ?? "" } },
    has_person: context.has_person,
    person_groups: [...context.person_groups],
    break_glass: context.break_glass,
  };
}

function entitiesOf(
  { principal, connection }: PolicyAsk,
  uid: EntityUidJson,
  resource: EntityUidJson,
): Entities {
  const { name, client, issuer, subject, kind, groups } = principal;
  return [
    {
      uid,
      attrs: { name, client, issuer, subject, kind, groups: [...groups] },
      parents: groups.map((id) => ({ type: "Group", id })),
    },
    { uid: resource, attrs: {}, parents: [{ type: "Connection", id: connection }] },
  ];
}
