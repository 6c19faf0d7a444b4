import { closestName } from "../kernel/closest-name.ts";
import { contextNames, principalNames } from "./schema.ts";

/** A message in plain words and what to do about it. */
export interface ExplainedError {
  readonly message: string;
  readonly hint?: string;
}

const plainTypes: ReadonlyMap<string, string> = new Map([
  ["Long", "a number"],
  ["String", "a text"],
  ["Bool", "true or false"],
  ["ipaddr", 'an address (ip("…"))'],
  ["Set<String>", "a set of texts"],
  ["Set<Long>", "a set of numbers"],
]);

/** Cedar's types in plain words. */
function plainType(type: string): string {
  const word = plainTypes.get(type);
  if (word !== undefined) return word;
  if (type.includes("Set<__cedar::internal::AnyEntity>"))
    return "a group, connection or operation, or a set of them";
  if (type.startsWith("Set<")) return "a set";
  if (type.startsWith("{")) return "a record";
  return type.replaceAll("__cedar::internal::AnyEntity", "a group, connection or operation");
}

/** Cedar's warnings carry no code (their `code` is null), so this one is told by its text; a test pins it. */
const impossiblePolicy = /^policy is impossible: /u;

/** Removes what Cedar puts before its message: which step failed, and the policy's internal id. */
function bareMessage(message: string): string {
  return message.replace(/^failed to parse policy from string: /u, "").replace(/^for policy `[^`]*`, /u, "");
}

/** Whether Cedar warns that a condition can never be true. */
export function isImpossible(message: string): boolean {
  return impossiblePolicy.test(bareMessage(message));
}

/** For each of Cedar's messages that authors meet often: the same in the words of the configuration. */
const translations: readonly (readonly [RegExp, (...found: string[]) => ExplainedError])[] = [
  [/^attribute `(.*)` in context for .* not found$/su, (name) => unknownName("context", name, contextNames)],
  [
    /^attribute `(.*)` on entity type `(?:Agent|Person)` not found$/su,
    (name) => unknownName("principal", name, principalNames),
  ],
  [
    /^attribute `(.*)` on entity type `(?:Operation|Connection|Group)` not found$/su,
    (name) => ({ message: `an operation, connection or group has no \`${name}\`` }),
  ],
  [/^invalid variable: (.*)$/su, unknownWord],
  [/^invalid member access `.*`, `(.*)` has no fields or methods$/su, unknownWord],
  [
    /^unexpected type: expected (.*) but saw (.*)$/su,
    (wanted, seen) => ({ message: `expected ${plainType(wanted)}, found ${plainType(seen)}` }),
  ],
  [
    /^the types (.*) and (.*) are not compatible$/su,
    (a, b) => ({
      message: `${[plainType(a), plainType(b)].toSorted().join(" and ")} do not go together here`,
      hint: "use two values of one type",
    }),
  ],
  [
    /^unrecognized entity type `(.*)`$/su,
    (name) => {
      const near = closestName(name, ["Group", "Operation", "Connection", "Agent", "Person"]);
      return {
        message: `there is no type \`${name}\``,
        hint:
          near === undefined
            ? "types are Group, Operation, Connection, Agent and Person"
            : `did you mean \`${near}\`?`,
      };
    },
  ],
  [
    impossiblePolicy,
    () => ({
      message: "the condition can never be true",
      hint: "remove the policy, or correct its condition",
    }),
  ],
  [
    /^unexpected token `\}`$/u,
    () => ({ message: "the condition ends too early", hint: "complete the expression" }),
  ],
];

/**
 * Says one of Cedar's errors in the words of the configuration.
 * @param message as Cedar gave it
 * @param help Cedar's own hint, kept where there is no better one
 */
export function explainCedarError(message: string, help: string | null): ExplainedError {
  const bare = bareMessage(message);
  const cedarHint = help?.replace(/for policy `[^`]*`, /u, "");
  for (const [pattern, say] of translations) {
    const match = pattern.exec(bare);
    if (match === null) continue;
    const said = say(...match.slice(1));
    if (said.hint !== undefined || cedarHint === undefined) return said;
    return { message: said.message, hint: cedarHint };
  }
  return cedarHint === undefined ? { message: bare } : { message: bare, hint: cedarHint };
}

/** `context.resaon`, `principal has owner`. */
export function unknownName(
  owner: "context" | "principal",
  name: string,
  names: readonly string[],
): ExplainedError {
  const near = closestName(name, names);
  return {
    message: `${owner} has no \`${name}\``,
    hint: near === undefined ? `${owner} offers ${names.join(", ")}` : `did you mean \`${owner}.${near}\`?`,
  };
}

/** A bare word where a condition wants `context.…`, `principal.…` or a text in quotes. */
function unknownWord(word: string): ExplainedError {
  const near = closestName(word, [...contextNames, "context", "principal", "resource"]);
  const meant = near !== undefined && contextNames.includes(near) ? `context.${near}` : near;
  return {
    message: `\`${word}\` is not known here`,
    hint:
      meant === undefined
        ? 'facts are written context.NAME, texts in quotes ("…")'
        : `did you mean \`${meant}\`?`,
  };
}
