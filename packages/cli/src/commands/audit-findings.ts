import { formatProblem, type VerifyReport } from "@mayfly/audit-verifier";
import { counted } from "../print.ts";

/** What a verification found beside its verdict, a line each: what is wrong first, then what is worth knowing. */
export function findingsOf(report: VerifyReport): readonly string[] {
  const { problems, missingPayloads, notes, uncovered, verdict, archived, dropped } = report;
  return [
    ...[...problems, ...missingPayloads].map(formatProblem),
    ...notes.map((note) => `note: ${formatProblem(note)}`),
    ...(uncovered > 0 && verdict === "whole"
      ? [
          `note: no signed checkpoint covers the last ${counted(uncovered, "record")} yet: nothing proves them`,
        ]
      : []),
    ...(archived > 0 ? [`note: ${counted(archived, "record")} were read from the archive`] : []),
    ...(dropped > 0
      ? [
          `note: ${counted(dropped, "record")} were archived and dropped: their hashes are in the tree, and were not read themselves (--archive reads them)`,
        ]
      : []),
  ];
}
