import { useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ErrorState } from "../components/states.tsx";

/** A page that could not be shown. */
export function Failed({ error, reset }: { error: unknown; reset?: () => void }): ReactNode {
  const router = useRouter();
  return (
    <main className="page">
      <ErrorState
        error={error}
        retry={() => {
          reset?.();
          void router.invalidate();
        }}
      />
    </main>
  );
}
