import type { ReactNode } from "react";
import { Badge, type Risk, type Tone } from "../../components/badge.tsx";
import { shortSpan } from "../../components/duration.ts";
import type { Cell, CellKind } from "./matrix.ts";

const cellNames: Readonly<Record<CellKind, readonly [Tone, string]>> = {
  none: ["neutral", "no"],
  forbidden: ["neutral", "forbidden"],
  open: ["accent", "at once"],
  approval: ["good", "approval"],
  break_glass: ["bad", "break-glass"],
};

/** How a group gets to an operation, in a few words: what it takes, for how long at most, and whether it depends. */
export function CellBadge({ cell, risk }: { cell: Cell; risk: Risk }): ReactNode {
  const [tone, name] = cellNames[cell.kind];
  const most = cell.best?.ttl_max_seconds;
  const approval = cell.kind === "approval" ? cell.best?.approval : undefined;
  const limits = [
    ...(most === undefined ? [] : [`≤ ${shortSpan(most)}`]),
    ...(cell.conditional ? ["conditional"] : []),
  ];
  return (
    <span className="reach-cell-words">
      <Badge tone={cell.kind === "open" && risk !== "low" ? "warn" : tone}>
        {approval !== undefined && approval.count > 1 ? `${approval.count} approvals` : name}
      </Badge>
      {limits.length > 0 && <span className="muted reach-most">{limits.join(", ")}</span>}
    </span>
  );
}
