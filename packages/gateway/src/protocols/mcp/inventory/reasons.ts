import { isDataName } from "../../../gate/inventory/value-shape-names.ts";
import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import { isObject } from "../../../kernel/json-object.ts";
import { leavesOf, useOf } from "./arguments.ts";
import type { Call } from "./calls.ts";
import type { Definition } from "./definitions.ts";
import { actsOf } from "./tool-kinds.ts";
import { shownName, wordsOf } from "./words-of-names.ts";

/** Words of tools that run what they are told. */
const runs =
  /^(?:exec|execute|eval|evaluate|shell|bash|zsh|sh|cmd|powershell|pwsh|terminal|tty|repl|subprocess|process|processes|sql|python|javascript|ssh|kubectl|helm|terraform|docker|install|deploy)$/;
const runsWhat = /^(?:command|commands|cmd|code|script|scripts|program|process|query|statement)$/;
/** Words of tools by which somebody may do more from then on. */
const rights =
  /^(?:grant|grants|permission|permissions|role|roles|acl|acls|policy|policies|admin|admins|impersonate|sudo|login|signin|oauth|auth|authenticate|authorize|invite|share|sharing|protection|visibility|privilege|privileges|invitation|collaborator|collaborators|member|members|membership|owner|owners|key|keys|webhook|webhooks|hook|hooks|forward|forwarding)$/;

/** Arguments that say what somebody may do. */
const rightsGiven =
  /^(?:role|roles|permission|permissions|privilege|privileges|acl|visibility|admin|isadmin|scopes|collaborators|allowedusers)$/;

function reasonsOfTool({ tool, kind, given }: Call): readonly string[] {
  const words = [...wordsOf(tool), ...actsOf(given).flatMap(wordsOf)];
  const names = namesIn(given).map((name) => wordsOf(name).join(""));
  const isRun =
    words.some((word) => runs.test(word)) ||
    (words.includes("run") && words.some((word) => runsWhat.test(word)));
  return [
    ...(isRun ? ["it runs what it is told"] : []),
    ...(sensitivityOf(tool) === "secret" || words.includes("env")
      ? ["its name says that it is about secrets"]
      : []),
    ...(kind !== "read" &&
    (words.some((word) => rights.test(word)) || names.some((name) => rightsGiven.test(name)))
      ? ["by its name, or an argument's, it changes what somebody may do"]
      : []),
  ];
}

/** Names of members at every depth of arguments. */
function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return (value as readonly unknown[]).flatMap(namesIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, each]) => [name, ...namesIn(each)]);
}

function reasonsOfArguments({ tool, given }: Call): readonly string[] {
  const names = [...new Set(namesIn(given))];
  const uses = leavesOf(given).flatMap(({ name, value }) =>
    typeof value === "string" ? [{ name: shownName(name), use: useOf(tool, name, value) }] : [],
  );
  return [
    ...(Object.keys(given).some(isDataName) ? ["the name of one of its arguments is data"] : []),
    ...names
      .filter((name) => sensitivityOf(name) === "secret")
      .map((name) => `the argument ${shownName(name)} looks secret`),
    ...uses.flatMap(({ name, use }) =>
      use.kind === "program" ? [`the argument ${name} is a program, and may do whatever the server can`] : [],
    ),
    ...uses.flatMap(({ name, use }) =>
      use.kind === "place" && use.place.why !== undefined ? [`the argument ${name}: ${use.place.why}`] : [],
    ),
  ];
}

/**
 * Why a person should decide about a call first; undefined: nothing speaks against proposing it.
 * @param definition what the server says of the tool; undefined: it has none
 * @param isDefined whether it is known what the server has
 */
export function reasonAgainst(
  call: Call,
  definition: Definition | undefined,
  isDefined: boolean,
): string | undefined {
  const reasons = [
    ...reasonsOfTool(call),
    ...reasonsOfArguments(call),
    ...(isDefined && definition === undefined ? ["--schema has no such tool"] : []),
    ...(definition?.check?.(call.given) === undefined ? [] : ["--schema refuses its arguments"]),
  ];
  return reasons.length === 0 ? undefined : [...new Set(reasons)].join("; ");
}
