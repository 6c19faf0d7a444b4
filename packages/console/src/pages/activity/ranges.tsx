import type { ReactNode } from "react";
import type { Put } from "./filter-form.tsx";

const MINUTE_MS = 60_000;
const ranges: readonly (readonly [label: string, ms: number])[] = [
  ["15 min", 15 * MINUTE_MS],
  ["1 hour", 60 * MINUTE_MS],
  ["24 hours", 1440 * MINUTE_MS],
  ["7 days", 10_080 * MINUTE_MS],
];

/** The last while, with one click; the exact times stand in the filters. */
export function Ranges({
  from,
  to,
  put,
}: {
  from: string | undefined;
  to: string | undefined;
  put: Put;
}): ReactNode {
  return (
    <fieldset className="activity-kinds">
      <legend className="visually-hidden">Time</legend>
      {ranges.map(([label, ms]) => (
        <button
          key={label}
          type="button"
          className="activity-kind"
          onClick={() => put({ from: new Date(Date.now() - ms).toISOString(), to: undefined })}
        >
          Last {label}
        </button>
      ))}
      {(from !== undefined || to !== undefined) && (
        <button
          type="button"
          className="activity-kind"
          onClick={() => put({ from: undefined, to: undefined })}
        >
          Any time
        </button>
      )}
    </fieldset>
  );
}
