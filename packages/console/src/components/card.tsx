import { type ReactNode, useId } from "react";

/** A surface with a heading. `flush` leaves out the padding, for tables and lists. */
export function Card({
  title,
  actions,
  flush = false,
  tone,
  children,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  flush?: boolean;
  tone?: "bad" | "warn";
  children: ReactNode;
}): ReactNode {
  const id = useId();
  return (
    <section
      className={`card${flush ? " card-flush" : ""}${tone === undefined ? "" : ` card-${tone}`}`}
      aria-labelledby={title === undefined ? undefined : id}
    >
      {title !== undefined && (
        <header className="card-header">
          <h2 id={id}>{title}</h2>
          {actions}
        </header>
      )}
      <div className="card-body">{children}</div>
    </section>
  );
}
