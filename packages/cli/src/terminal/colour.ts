/** Select Graphic Rendition (ECMA-48, section 8.3.117): what starts a look, and what ends it. */
const looks = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
} as const;

/** What starts and ends looks, as the source of a regular expression. */
export const LOOKS: string = String.raw`\u001b\[(?:${Object.values(looks).flat().join("|")})m`;

/** A look of a text. */
export type Look = keyof typeof looks;

/** Whether standard output shows looks: a terminal that is not dumb, and nobody asked for none (no-color.org). */
export function hasLooks(): boolean {
  return process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb";
}

/** Gives a text a look where there are any. */
export function painted(text: string, look: Look | undefined): string {
  if (look === undefined || text === "" || !hasLooks()) return text;
  const [on, off] = looks[look];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** Of a risk: what is unknown looks as the highest. */
export function lookOfRisk(risk: string): Look | undefined {
  if (risk === "low") return "green";
  return risk === "medium" ? "yellow" : "red";
}

const ofStates: Readonly<Record<string, Look>> = {
  active: "green",
  approved: "green",
  pending: "yellow",
  refused: "red",
  denied: "red",
  revoked: "red",
  expired: "dim",
  released: "dim",
  withdrawn: "dim",
  "timed out": "dim",
};

/** Of a grant's or a request's state. */
export function lookOfState(state: string): Look | undefined {
  return ofStates[state];
}
