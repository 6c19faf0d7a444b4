import type { Closing, PrintedFile } from "./files.ts";

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join("\n");

function ofFile(file: PrintedFile, at: number): string {
  return [
    `${at}. ${file.name}: ${file.place}`,
    "",
    file.content.trimEnd(),
    "",
    ...file.notes.map((note) => `  - ${note}`),
    "",
    "  apply",
    indented(file.apply.map((line) => `  ${line}`)),
    "  check",
    indented(file.check.map((line) => `  ${line}`)),
    "  take back",
    indented(file.takeBack.map((line) => `  ${line}`)),
    "",
  ].join("\n");
}

/** All of it for a person. */
export function formatClosing({ connection, target, files, missing, byHand }: Closing): string {
  return [
    `${connection}: what leaves the gateway as the only way to ${target}`,
    `Nothing is applied. Save a file with --only NAME > ${connection}.NAME, apply it where it says, and check it.`,
    "",
    ...files.map((file, at) => ofFile(file, at + 1)),
    ...(missing.length === 0
      ? []
      : ["Not printed", ...missing.map(({ name, why }) => `  ${name}: ${why}`), ""]),
    "By hand",
    ...byHand.map((each) => `  - ${each}`),
    "",
  ].join("\n");
}
