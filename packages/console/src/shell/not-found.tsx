import type { ReactNode } from "react";
import { LinkButton } from "../components/button.tsx";
import { EmptyState } from "../components/states.tsx";

/** A path that the console has not. */
export function NotFound(): ReactNode {
  return (
    <main className="page">
      <h1 className="visually-hidden">Not found</h1>
      <EmptyState
        icon="search"
        title="Page not found"
        action={<LinkButton to="/">Go to the start</LinkButton>}
      >
        <p>The link may be mistyped, or from another version of Mayfly.</p>
      </EmptyState>
    </main>
  );
}
