import type { ReactNode } from "react";

/**
 * A table that scrolls inside its own frame, never the page. Give plain `<thead>` and `<tbody>`; a cell that holds
 * numbers takes the class `numeric`, one that is long takes `wrap`.
 */
export function Table({
  label,
  frame,
  children,
}: {
  label: string;
  /** A further class of the frame. */
  frame?: string;
  children: ReactNode;
}): ReactNode {
  return (
    <section
      className={frame === undefined ? "table-frame" : `table-frame ${frame}`}
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table className="table">
        <caption className="visually-hidden">{label}</caption>
        {children}
      </table>
    </section>
  );
}

/** Facts about one thing: a term and what it is. Left-out values are not shown. */
export function Facts({
  facts,
}: {
  facts: readonly (readonly [term: string, value: ReactNode])[];
}): ReactNode {
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== "")
        .map(([term, value]) => (
          <div key={term} className="fact">
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
