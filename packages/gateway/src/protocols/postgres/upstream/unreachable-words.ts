import { connectionWords } from "../../../kernel/connection-words.ts";
import { messageOf } from "../../../kernel/errors.ts";

/** Where the target's settings mend what the server's certificate lacks. */
const REMEDIES = {
  ca: "the target's `ca` must name its CA",
  name: "the target's `host` must be that name, or `tls: verify-ca` with `ca` check its CA alone",
};

/** Why a server cannot be reached. Of an error without words its code is told alone, as a message may hold an address. */
export function unreachableWords(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return connectionWords(error, REMEDIES) ?? code ?? messageOf(error);
}
