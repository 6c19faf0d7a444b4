import { type CSSProperties, memo, type ReactNode } from "react";
import type { Looks, Row, Run } from "./rows.ts";

const flags = ["bold", "dim", "italic", "underline", "strike", "concealed"] as const;

/** Classes for the page's palette; other colours are set by script, which the content security policy lets it. */
function appearance({ color, ground, inverse, ...looks }: Looks): {
  className: string;
  style?: CSSProperties;
} {
  const [front, back] = inverse === true ? [ground ?? "back", color ?? "front"] : [color, ground];
  const classes = flags.filter((flag) => looks[flag] === true).map((flag) => `replay-${flag}`);
  const style: { color?: string; backgroundColor?: string } = {};
  if (typeof front === "number" || front === "back") classes.push(`replay-color-${front}`);
  else if (front !== undefined) style.color = front;
  if (typeof back === "number" || back === "front") classes.push(`replay-ground-${back}`);
  else if (back !== undefined) style.backgroundColor = back;
  return { className: classes.join(" "), ...(Object.keys(style).length === 0 ? {} : { style }) };
}

function Piece({ text, looks }: Run): ReactNode {
  return Object.keys(looks).length === 0 ? text : <span {...appearance(looks)}>{text}</span>;
}

/** A line is drawn again when it changed. */
const Line = memo(
  function Line({ row, isHit }: { row: Row; isHit: boolean }): ReactNode {
    return (
      <div className={isHit ? "replay-line replay-hit" : "replay-line"}>
        {row.map(({ text, looks }, place) => (
          // oxlint-disable-next-line react/no-array-index-key -- the pieces of one line have no other name
          <Piece key={place} text={text} looks={looks} />
        ))}
      </div>
    );
  },
  (before, after) => before.isHit === after.isHit && JSON.stringify(before.row) === JSON.stringify(after.row),
);

/** What the terminal holds, and which lines hold what is searched for. */
export function Screen({ rows, wanted }: { rows: readonly Row[]; wanted: string }): ReactNode {
  const needle = wanted.trim().toLowerCase();
  return rows.map((row, place) => (
    <Line
      // oxlint-disable-next-line react/no-array-index-key -- a terminal's lines are their places
      key={place}
      row={row}
      isHit={
        needle !== "" &&
        row
          .map(({ text }) => text)
          .join("")
          .toLowerCase()
          .includes(needle)
      }
    />
  ));
}
