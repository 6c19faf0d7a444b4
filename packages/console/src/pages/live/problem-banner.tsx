import type { ReactNode } from "react";
import { problemOf } from "../../api/problems.ts";
import { Banner } from "../../components/page.tsx";
import { Untrusted } from "../../components/untrusted.tsx";

/** Says why a call failed, in the gateway's words; nothing when it did not. */
export function ProblemBanner({ error }: { readonly error: Error | null }): ReactNode {
  if (error === null) return undefined;
  return (
    <Banner tone="bad">
      <Untrusted text={problemOf(error).text} />
    </Banner>
  );
}
