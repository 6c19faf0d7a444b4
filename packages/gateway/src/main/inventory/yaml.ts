import { spanOf } from "../../gate/inventory/evidence.ts";
import type { OperationDraft, Proposal, SetApart } from "../../gate/inventory/inventory.ts";
import { escapeInvisible } from "../../kernel/invisible-characters.ts";
import { yamlText } from "../yaml-text.ts";
import { countOf, daysOf, evidenceWords } from "./words.ts";

/** What the acts were seen at. */
export interface ProposedFor {
  readonly connection: string;
  /** What an act is called. */
  readonly act: string;
  /** The members that say how the target is reached, with values to be filled in; left out: the connection is configured. */
  readonly target?: Readonly<Record<string, unknown>>;
  /** What needs no operation of its own, for people. */
  readonly freely?: string | undefined;
  /** How many lines of the sources could not be read. */
  readonly unread: number;
  /** How many acts the configuration's operations cover already; left out: nothing is configured. */
  readonly covered?: number;
}

/** How wide comments are, in characters. */
const WIDTH = 130;

/** Lines of a comment, wrapped at blanks. Nothing in it ends a line or reads as YAML. */
function comment(text: string, indent: string, further = ""): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of escapeInvisible(text).split(" ")) {
    if (line !== "" && `${indent}# ${line} ${word}`.length > WIDTH) {
      lines.push(line);
      line = `${further}${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${indent}# ${each}`);
}

function operationLines({ name, description, risk, scope }: OperationDraft): readonly string[] {
  const text = yamlText(
    { [name]: { description, risk, ...scope } },
    { lineWidth: WIDTH - 10, flowCollectionPadding: false },
    "flow",
  );
  return text.trimEnd().split("\n");
}

/**
 * A proposal as a part of a configuration, which loads as it is: operations with what speaks for each in comments, and behind
 * them, in comments alone, what is for a person to decide. It holds no value of an act.
 */
export function proposalYaml(proposal: Proposal, about: ProposedFor): string {
  const { operations, apart, freely } = proposal;
  const indent = "      ";
  const lines = [
    ...headLines(proposal, about),
    ...(operations.length === 0 ? [] : connectionLines(operations, about, indent)),
    ...apart.flatMap((each) => ["", ...apartLines(each, indent)]),
    ...(freely.times === 0
      ? []
      : [
          "",
          ...comment(
            `${countOf(freely.times, about.act)} beside these ${freely.times === 1 ? "needs" : "need"} no operation of ${freely.times === 1 ? "its" : "their"} own${about.freely === undefined ? "" : `: ${about.freely}`}.`,
            indent,
          ),
        ]),
  ];
  return lines.join("\n");
}

/** A name as a key: `null` is a word of YAML's own. */
const keyOf = (name: string): string => yamlText({ [name]: 0 }, {}).replace(/: 0\s*$/u, "");

function connectionLines(
  operations: Proposal["operations"],
  { connection, target }: ProposedFor,
  indent: string,
): readonly string[] {
  const reached =
    target === undefined
      ? ""
      : yamlText(target, { lineWidth: WIDTH - 4, flowCollectionPadding: false }, "flow");
  return [
    "connections:",
    `  ${keyOf(connection)}:`,
    ...reached
      .trimEnd()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => `    ${line}`),
    "    operations:",
    ...operations.flatMap((operation) => [
      ...comment(evidenceWords(operation.evidence), indent, "  "),
      ...operation.notes.flatMap((note) => comment(note, indent, "  ")),
      ...operationLines(operation).map((line) => `${indent}${line}`),
    ]),
  ];
}

function headLines(
  { operations, apart }: Proposal,
  { act, covered, connection, target, unread }: ProposedFor,
): readonly string[] {
  const all = operations.map(({ evidence }) => evidence);
  const times = all.reduce((sum, each) => sum + each.times, 0);
  const days = daysOf(spanOf(all));
  return [
    ...comment(
      operations.length === 0
        ? "mayflyd inventory proposes nothing."
        : `${countOf(operations.length, "operation")} for ${countOf(times, act)}${days === "" ? "" : `, ${days}`}, proposed by mayflyd inventory. Read each before it is granted: what was done is not what should be.`,
      "",
    ),
    ...(covered === undefined
      ? []
      : comment(
          `${countOf(covered, act)} ${covered === 1 ? "is" : "are"} covered by ${connection}'s operations already.`,
          "",
        )),
    ...(unread === 0
      ? []
      : comment(
          `${countOf(unread, "line")} could not be read: what ${unread === 1 ? "it holds" : "they hold"} is not covered.`,
          "",
        )),
    ...(apart.length === 0
      ? []
      : comment(
          `Not proposed: ${countOf(
            apart.reduce((sum, { evidence }) => sum + evidence.times, 0),
            act,
          )}, with the reasons, at the end.`,
          "",
        )),
    ...(operations.length === 0
      ? []
      : target === undefined
        ? comment(`They go under connections.${connection}.operations of the configuration.`, "")
        : comment("Fill in how it is reached.", "")),
  ];
}

function apartLines({ reason, evidence, examples, draft }: SetApart, indent: string): readonly string[] {
  return [
    ...comment(`Not proposed: ${reason}`, indent, "  "),
    ...comment(evidenceWords(evidence), indent, "  "),
    ...examples.flatMap((example) => comment(`  ${example}`, indent, "    ")),
    ...(draft === undefined
      ? []
      : [
          `${indent}# To grant it all the same:`,
          ...operationLines(draft).map((line) => `${indent}# ${line}`),
        ]),
  ];
}
