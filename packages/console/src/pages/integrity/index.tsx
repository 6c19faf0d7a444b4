import type { ReactNode } from "react";
import { EmptyState } from "../../components/states.tsx";
import { Page } from "../../components/page.tsx";

/** Integrity. */
export function IntegrityPage(): ReactNode {
  return (
    <Page title="Integrity">
      <EmptyState title="Nothing here yet">This page is on its way.</EmptyState>
    </Page>
  );
}
