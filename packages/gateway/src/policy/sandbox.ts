import type { Terms } from "./types.ts";

/**
 * Whether the task runs in a sandbox, as terms demand. Whoever asks says so: nobody can look.
 * @param said true: in that of `mayfly run --sandbox`; undefined: in none
 */
export function sandboxFits({ sandbox }: Pick<Terms, "sandbox">, said: true | undefined): boolean {
  return sandbox === undefined || said === true;
}
