import { RE2JS } from "re2js";
import type { NamedScope } from "../../gate/protocol.ts";
import { type CompiledSchema, compileSchema, type SchemaCheck } from "../../gate/web/schema/json-schema.ts";
import type { MaskStep } from "../../gate/web/proxy/json-mask.ts";
import { maskOf } from "./mask.ts";
import { readPointer } from "./pointer.ts";
import type { QueryRule } from "./request/query.ts";
import type { HttpScope } from "./scope.ts";
import { readTemplate, type Template } from "./request/template.ts";

/** A scope, ready to judge by. */
export interface Compiled {
  /** `connection/operation`. */
  readonly name: string;
  readonly templates: readonly Template[];
  readonly query: QueryRule;
  readonly headers: readonly string[];
  readonly body: CompiledBody | undefined;
  /** What of its answers is masked; undefined: nothing. */
  readonly mask: MaskStep | undefined;
  readonly dropHeaders: ReadonlySet<string>;
  /** The largest answer, bytes. */
  readonly maxAnswer: number | undefined;
  readonly budget: number | undefined;
  readonly websocket: boolean;
}

/** What a scope makes of bodies. */
export interface CompiledBody {
  readonly check: SchemaCheck | undefined;
  /** Its schema as it was written, and what a check costs. */
  readonly schema: Pick<CompiledSchema, "cost" | "text"> | undefined;
  /** Bytes. */
  readonly max: number;
  readonly types: readonly string[];
}

function queryOf({ query, response }: HttpScope): QueryRule {
  // `checkScope` refuses a mask beside any parameters; nothing is wider than it would be for having come past that.
  if (query === undefined) return response.mask.length === 0 ? "any" : new Map();
  if (Array.isArray(query)) return new Map(query.map((name) => [name, undefined]));
  return new Map(Object.entries(query).map(([name, pattern]) => [name, RE2JS.compile(pattern)]));
}

function bodyOf(body: HttpScope["body"]): CompiledBody | undefined {
  if (body === undefined) return undefined;
  const { max, types } = body;
  if (body.schema === undefined) return { check: undefined, schema: undefined, max, types };
  const compiled = compileSchema(body.schema.text());
  if ("why" in compiled) throw new TypeError(`a body's schema cannot be used: ${compiled.why}`);
  return { check: compiled.check, schema: compiled, max, types };
}

function compileScope({ name, scope }: NamedScope<HttpScope>): Compiled {
  return {
    name,
    templates: scope.requests.map((written) => {
      const template = readTemplate(written);
      if ("message" in template) throw new TypeError(`${written}: ${template.message}`);
      return template;
    }),
    query: queryOf(scope),
    headers: scope.headers.map((each) => each.toLowerCase()),
    body: bodyOf(scope.body),
    mask:
      scope.response.mask.length === 0
        ? undefined
        : maskOf(
            scope.response.mask.map((written) => {
              const pointer = readPointer(written);
              if (pointer === undefined) throw new TypeError(`${written} names no member of an answer`);
              return pointer;
            }),
          ),
    dropHeaders: new Set(scope.response.drop_headers),
    maxAnswer: scope.response.max,
    budget: scope.budget,
    websocket: scope.websocket,
  };
}

/**
 * Compiles a grant's scopes.
 * @throws TypeError for a scope that `checkScope` refuses
 */
export function compileScopes(scopes: readonly NamedScope<HttpScope>[]): readonly Compiled[] {
  return scopes.map((named) => compileScope(named));
}

/** Scopes that are compiled once. */
export interface CompiledScopes {
  /** The same for the same list, for as long as that lives. */
  of(scopes: readonly NamedScope<HttpScope>[]): readonly Compiled[];
}

/** Makes what remembers compiled scopes. A scope belongs to one operation of one configuration: it serves all grants. */
export function createCompiledScopes(): CompiledScopes {
  const known = new WeakMap<readonly NamedScope<HttpScope>[], readonly Compiled[]>();
  const each = new WeakMap<HttpScope, Compiled>();
  const compiledOf = (named: NamedScope<HttpScope>): Compiled => {
    const found = each.get(named.scope);
    if (found?.name === named.name) return found;
    const made = compileScope(named);
    each.set(named.scope, made);
    return made;
  };
  return {
    of(scopes) {
      const found = known.get(scopes);
      if (found !== undefined) return found;
      const made = scopes.map(compiledOf);
      known.set(scopes, made);
      return made;
    },
  };
}
