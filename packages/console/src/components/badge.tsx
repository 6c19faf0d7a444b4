import type { ReactNode } from "react";
import { Icon } from "./icons.tsx";

/** What a colour says; the words beside it say it too. */
export type Tone = "neutral" | "good" | "warn" | "bad" | "info" | "accent";

/** A short label. */
export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }): ReactNode {
  return <span className={`badge badge-${tone}`}>{children}</span>;
}

/** How bad a mistake with an operation would be. */
export type Risk = "low" | "medium" | "high";

const riskTones: Readonly<Record<Risk, Tone>> = { low: "neutral", medium: "warn", high: "bad" };

/** The risk of an operation, or the highest of several. */
export function RiskBadge({ risk }: { risk: Risk }): ReactNode {
  return (
    <Badge tone={riskTones[risk]}>
      {risk === "high" && <Icon name="warning" size={13} />}
      {risk} risk
    </Badge>
  );
}

const stateTones: Readonly<Record<string, Tone>> = {
  pending: "info",
  approved: "good",
  active: "good",
  up: "good",
  running: "good",
  delivered: "good",
  refused: "bad",
  denied: "bad",
  revoked: "bad",
  down: "bad",
  failed: "bad",
  timed_out: "warn",
};

/** The state of a request, a grant, a connection or a delivery. */
export function StateBadge({ state }: { state: string }): ReactNode {
  return <Badge tone={stateTones[state] ?? "neutral"}>{state.replaceAll("_", " ")}</Badge>;
}

/** Marks a request or grant that went past approval. */
export function BreakGlassBadge(): ReactNode {
  return (
    <Badge tone="bad">
      <Icon name="warning" size={13} />
      break-glass
    </Badge>
  );
}
