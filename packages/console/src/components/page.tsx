import { type ReactNode, useEffect } from "react";
import { visibleText } from "./visible.ts";

/** The frame of every page: its heading, one sentence, and what can be done. Sets the tab's title. */
export function Page({
  title,
  heading,
  description,
  actions,
  children,
}: {
  /** For the tab, and the heading unless that is given. */
  title: string;
  heading?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}): ReactNode {
  useEffect(() => {
    document.title = `${visibleText(title)} · Mayfly`;
  }, [title]);
  return (
    <div className="page">
      <header className="page-header">
        <div className="page-heading">
          <h1>{heading ?? title}</h1>
          {description !== undefined && <p className="muted">{description}</p>}
        </div>
        {actions !== undefined && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Filters in a row, above what they filter; `count` says what is left. */
export function FilterBar({ children, count }: { children: ReactNode; count?: ReactNode }): ReactNode {
  return (
    <search className="filter-bar">
      {children}
      {count !== undefined && <output className="filter-count muted numeric">{count}</output>}
    </search>
  );
}

/** A line across the page that must not be missed. */
export function Banner({
  tone,
  children,
  action,
}: {
  tone: "bad" | "warn" | "info";
  children: ReactNode;
  action?: ReactNode;
}): ReactNode {
  return (
    <div className={`banner banner-${tone}`} role={tone === "info" ? "status" : "alert"}>
      <div className="banner-text">{children}</div>
      {action}
    </div>
  );
}
