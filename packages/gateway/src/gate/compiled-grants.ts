import type { ConnectionConfiguration } from "../configuration/types.ts";
import type { LiveGrant } from "../grants/types.ts";
import { createCoveringFinder } from "./covering-operations.ts";
import type { GateParts } from "./parts.ts";
import type { Covering, NamedScope, Protocol, Verdict } from "./protocol.ts";

/** A grant's scopes and the one check that they were compiled to. */
export interface CompiledGrant<Scope, Act, Cover> {
  readonly target: unknown;
  readonly scopes: readonly NamedScope<Scope>[];
  readonly check: (act: Act) => Verdict<Cover>;
}

/** One protocol's grants as it checks acts against them. */
export interface CompiledGrants<Scope, Act, Cover> {
  /** A grant's scopes compiled: once, and again after a reload that changes the target, for its new sessions. */
  of(
    live: LiveGrant,
    scopes: readonly NamedScope<Scope>[],
    target: unknown,
  ): CompiledGrant<Scope, Act, Cover>;
  /** What can be asked for when an act of a grant is denied. */
  coveringOf(live: LiveGrant, address: string): (act: Act) => Covering | undefined;
}

export function createCompiledGrants<Scope, Act, Cover>(
  parts: Pick<GateParts, "clock" | "grants" | "configuration">,
  protocol: Protocol<Scope, Act, Cover>,
): CompiledGrants<Scope, Act, Cover> {
  const compiled = new WeakMap<LiveGrant, CompiledGrant<Scope, Act, Cover>>();
  const finders = new WeakMap<LiveGrant, (act: Act) => Covering | undefined>();

  /** The check of one operation by itself, as configured now. */
  const checkOf = (connection: string, name: string): ((act: Act) => Verdict<Cover>) | undefined => {
    const configured = parts.configuration().connections.get(connection);
    const scope = configured?.operations.get(name.slice(connection.length + 1))?.scope as Scope | undefined;
    return configured?.kind !== protocol.kind || scope === undefined
      ? undefined
      : protocol.compile([{ name, scope }], configured.target);
  };

  return {
    of(live, scopes, target) {
      const known = compiled.get(live);
      if (known !== undefined && known.target === target) return known;
      const made = { target, scopes, check: protocol.compile(scopes, target) };
      compiled.set(live, made);
      return made;
    },
    coveringOf(live, address) {
      const known = finders.get(live);
      if (known !== undefined) return known;
      const { connection, operations, requester } = live.grant;
      const find = createCoveringFinder<Act>({
        clock: parts.clock,
        offered: () =>
          parts.grants
            .offers(requester, address)
            .filter(
              (offer) =>
                offer.connection === connection &&
                offer.outlook.requestable &&
                // What ends soon covers nearly everything: nobody is led to it.
                offer.until === undefined &&
                !operations.includes(offer.operation),
            )
            .map((offer) => `${connection}/${offer.operation}`),
        checkOf: (name) => checkOf(connection, name),
      });
      finders.set(live, find);
      return find;
    },
  };
}

/** A grant's scopes as configured now; undefined when an operation of its is gone. */
export function scopesOf<Scope>(
  { grant }: LiveGrant,
  connection: ConnectionConfiguration,
): readonly NamedScope<Scope>[] | undefined {
  const scopes: NamedScope<Scope>[] = [];
  for (const name of grant.operations) {
    const operation = connection.operations.get(name);
    if (operation === undefined) return undefined;
    scopes.push({ name: `${connection.name}/${name}`, scope: operation.scope as Scope });
  }
  return scopes;
}
