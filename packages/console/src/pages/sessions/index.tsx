import type { ReactNode } from "react";
import { EmptyState } from "../../components/states.tsx";
import { Page } from "../../components/page.tsx";

/** Sessions. */
export function SessionsPage(): ReactNode {
  return (
    <Page title="Sessions">
      <EmptyState title="Nothing here yet">This page is on its way.</EmptyState>
    </Page>
  );
}
