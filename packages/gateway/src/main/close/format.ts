import type { Closing, PrintedFile } from "./files.ts";

function ofFile(file: PrintedFile, at: number, save: string): readonly string[] {
  return [
    `${at}. ${file.name}: ${file.place}`,
    "",
    file.content.trimEnd(),
    "",
    "know first",
    ...file.notes.map((note) => `- ${note}`),
    "save",
    `${save} --only ${file.name} > ${file.saved}`,
    "look",
    ...file.look,
    "apply",
    ...file.apply,
    "check",
    ...file.check,
    "take back",
    ...file.takeBack,
    "",
  ];
}

/** All of it for a person. @param save the command that printed it: with `--only` it prints one file alone */
export function formatClosing(closing: Closing, save: string): string {
  const { connection, target, through, files, missing, byHand } = closing;
  return [
    `${connection}: what leaves the gateway as the only way to ${target}`,
    "Nothing is applied. Apply one file after the other where it says, and check it before the next: behind a firewall every direct way is",
    "shut, and says no more about the others.",
    "",
    ...files.flatMap((file, at) => ofFile(file, at + 1, save)),
    ...(missing.length === 0
      ? []
      : ["Not printed", ...missing.map(({ name, why }) => `- ${name}: ${why}`), ""]),
    "By hand",
    ...byHand.map((each) => `- ${each}`),
    "",
    "The way through the gateway must work as before",
    through,
    "",
  ].join("\n");
}
