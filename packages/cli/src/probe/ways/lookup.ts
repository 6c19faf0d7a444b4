import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Finding } from "./finding.ts";

/** The addresses of a name as clients on this host find them, or why there are none. */
export async function addressesHere(
  host: string,
  ms: number,
): Promise<{ readonly addresses: readonly string[] } | { readonly ended: Finding }> {
  if (isIP(host) !== 0) return { addresses: [host] };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    const found = await Promise.race([lookup(host, { all: true }), late]);
    if (found === undefined)
      return { ended: { found: "other", detail: `no name server answered in ${ms / 1000} s` } };
    return { addresses: [...new Set(found.map(({ address }) => address))] };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // The answer "there is no such name"; EAI_AGAIN and the others are no answer (getaddrinfo(3)).
    if (code === "ENOTFOUND" || code === "ENODATA")
      return { ended: { found: "no_name", detail: "the name has no address here" } };
    return { ended: { found: "other", detail: `the name could not be looked up: ${code || "it failed"}` } };
  } finally {
    clearTimeout(timer);
  }
}
