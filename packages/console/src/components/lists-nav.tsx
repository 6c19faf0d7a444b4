import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** One of a page's lists: where it is, and how it is called. */
export interface ListLink {
  readonly key: string;
  readonly link: Pick<LinkProps, "to" | "search">;
  readonly label: ReactNode;
}

// The router would call the list without a search current for every one.
const exact = { exact: true, includeSearch: true } as const;

/** The lists of one page, a link each. @param shown the key of the one that is shown */
export function ListsNav({ lists, shown }: { lists: readonly ListLink[]; shown: string }): ReactNode {
  return (
    <nav className="lists-nav" aria-label="Lists">
      {lists.map(({ key, link, label }) => (
        <Link key={key} {...link} activeOptions={exact} aria-current={key === shown ? "page" : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  );
}
