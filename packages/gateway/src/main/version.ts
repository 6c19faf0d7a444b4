import { readFileSync } from "node:fs";

/** mayflyd's version: that of its package. */
export const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string };
