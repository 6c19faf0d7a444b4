import { shellQuote } from "../../kernel/shell-quote.ts";
import type { Place } from "./place.ts";

/** Commands that try the direct way, which say OPEN or why not. */
export function connects({ paths }: Place): readonly string[] {
  return paths.endpoints.map(
    ({ host, port }) => `timeout 5 bash -c ${shellQuote(`exec 3<>/dev/tcp/${host}/${port} && echo OPEN`)}`,
  );
}

/** The same as a check. @param where they are typed */
export function attempts(place: Place, where: string): readonly string[] {
  return [
    `# ${where}: OPEN before the file is applied, else this proves nothing; an error, or nothing within 5 s, behind it`,
    ...connects(place),
  ];
}
