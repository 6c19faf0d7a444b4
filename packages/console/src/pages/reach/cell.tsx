import type { ReactNode } from "react";
import { Badge, type Tone } from "../../components/badge.tsx";
import { shortSpan } from "../../components/duration.ts";
import type { Cell, CellKind } from "./matrix.ts";

/** What each kind of cell is called. */
export const cellNames: Readonly<Record<CellKind, readonly [Tone, string]>> = {
  none: ["neutral", "no"],
  forbidden: ["neutral", "forbidden"],
  open: ["warn", "at once"],
  approval: ["good", "approval"],
  break_glass: ["bad", "break-glass"],
};

/** How a group gets to an operation, in a few words: what it takes, for how long at most, and "if" on a condition. */
export function CellBadge({ cell }: { cell: Cell }): ReactNode {
  const [tone, name] = cellNames[cell.kind];
  const most = cell.best?.ttl_max_seconds;
  const approval = cell.kind === "approval" ? cell.best?.approval : undefined;
  return (
    <span className="reach-cell-words">
      <Badge tone={tone}>
        {approval !== undefined && approval.count > 1 ? `${approval.count} approvals` : name}
        {cell.conditional && ", if"}
      </Badge>
      {most !== undefined && <span className="muted reach-most">≤ {shortSpan(most)}</span>}
    </span>
  );
}
