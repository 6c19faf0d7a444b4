import type { ReactNode } from "react";
import type { Cell } from "./matrix.ts";
import { cellText, limitText, scale, stepOf } from "./scale.ts";

/** How a group gets to an operation: its step on the scale; `long` says the limits too. */
export function CellMark({ cell, long = false }: { cell: Cell; long?: boolean }): ReactNode {
  const limit = limitText(cell);
  return (
    <span className="reach-cell-words">
      <span className={`reach-mark reach-mark-${stepOf(cell)}`}>
        {cellText(cell)}
        {cell.conditional && !long && <span aria-hidden="true">*</span>}
      </span>
      {limit !== "" && (
        <span className={long ? "muted reach-most" : "visually-hidden"}>{long ? limit : `, ${limit}`}</span>
      )}
    </span>
  );
}

/** What the marks mean, from least asked to most. */
export function Legend(): ReactNode {
  return (
    <ul className="reach-legend" aria-label="What asking takes">
      {scale.map(([step, words]) => (
        <li key={step} className={`reach-mark reach-mark-${step}`}>
          {words}
        </li>
      ))}
      <li className="muted">* depends on a condition</li>
    </ul>
  );
}
