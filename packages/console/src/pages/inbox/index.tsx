import type { ReactNode } from "react";
import { EmptyState } from "../../components/states.tsx";
import { Page } from "../../components/page.tsx";

/** Inbox. */
export function InboxPage(): ReactNode {
  return (
    <Page title="Inbox">
      <EmptyState title="Nothing here yet">This page is on its way.</EmptyState>
    </Page>
  );
}
