/** Members that refuse nothing and change no outcome, with the reason why. */
export const exemptions: Readonly<Record<string, string>> = {
  "connections.*{postgres}.operations.*.description": "words for people, which decide nothing",
  "connections.*{http}.operations.*.description": "words for people, which decide nothing",
  "connections.*{kubernetes}.operations.*.description": "words for people, which decide nothing",
  "connections.*{mcp}.operations.*.description": "words for people, which decide nothing",
};
