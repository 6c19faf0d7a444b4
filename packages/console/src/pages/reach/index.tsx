import type { ReactNode } from "react";
import { EmptyState } from "../../components/states.tsx";
import { Page } from "../../components/page.tsx";

/** Reach. */
export function ReachPage(): ReactNode {
  return (
    <Page title="Reach">
      <EmptyState title="Nothing here yet">This page is on its way.</EmptyState>
    </Page>
  );
}
