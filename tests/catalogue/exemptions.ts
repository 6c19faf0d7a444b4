/** Members that refuse nothing and change no outcome, with the reason why. */
export const exemptions: Readonly<Record<string, string>> = {
  "connections.*{postgres}.operations.*.description": "words for people, which decide nothing",
  "connections.*{http}.operations.*.description": "words for people, which decide nothing",
  "connections.*{kubernetes}.operations.*.description": "words for people, which decide nothing",
  "connections.*{mcp}.operations.*.description": "words for people, which decide nothing",
  ...Object.fromEntries(
    ["{partial}.partial", "{partial}.partial.keep", "{constant}.constant"]
      .concat(["string", "number", "boolean"].map((form) => `{constant}.constant<${form}>`))
      .map((member) => [
        `connections.*{postgres}.operations.*.mask.*${member}`,
        "chooses what is shown of a value; masks/masks.integration.test.ts compares each with PostgreSQL's own",
      ]),
  ),
  "audit.name.env": "another place for audit.name's value; configuration/load.test.ts refuses and takes it",
  "audit.name<{env}>": "the same, beside a name in the file",
  "shutdown.end_idle":
    "ends what is idle and refuses nothing; gate/drain.test.ts and tests/e2e/drain.test.ts have both",
  include: "more files of the same members; configuration/files/include.test.ts refuses and takes each form",
};
