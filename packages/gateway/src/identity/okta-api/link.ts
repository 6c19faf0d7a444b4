/** One link: its target in angle brackets, then its parameters (RFC 8288, section 3), with a bound on each. */
const linkForm = /<([^<>]{1,8192})>((?:\s*;\s*[a-z*]{1,32}\s*=\s*(?:"[^"]{0,256}"|[^\s",;]{1,256})){0,8})/gi;
const isNext = /;\s*rel\s*=\s*(?:"next"|next)\s*(?:;|$)/i;

/**
 * The target of the one link whose `rel` is `next`.
 * @returns undefined when there is none, `several` when there are several that differ
 */
export function nextLink(header: string | null): string | { readonly several: true } | undefined {
  const targets = new Set<string>();
  for (const [, target = "", parameters = ""] of (header ?? "").matchAll(linkForm))
    if (isNext.test(parameters)) targets.add(target);
  if (targets.size > 1) return { several: true };
  const [only] = targets;
  return only;
}
