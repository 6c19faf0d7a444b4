import { type ReactNode, useEffect } from "react";
import { useWaiting } from "../api/waiting.ts";
import { visibleText } from "./visible.ts";

/** The frame of every page: its heading, one sentence, and what can be done. Sets the tab's title. */
export function Page({
  title,
  heading,
  description,
  actions,
  wide = false,
  children,
}: {
  /** For the tab, and the heading unless that is given. */
  title: string;
  heading?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  /** Takes the whole width of a large screen. */
  wide?: boolean;
  children: ReactNode;
}): ReactNode {
  // On every page: a reviewer who works elsewhere sees that something waits.
  const waiting = useWaiting().length;
  useEffect(() => {
    document.title = `${waiting === 0 ? "" : `(${waiting}) `}${visibleText(title)} · Mayfly`;
  }, [title, waiting]);
  return (
    <div className={wide ? "page page-wide" : "page"}>
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
