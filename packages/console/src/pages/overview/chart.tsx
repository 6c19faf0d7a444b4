import type { Overview } from "@mayfly/sdk/browser";
import type { ReactNode } from "react";
import { barsOf } from "./model.ts";

const WIDTH = 600;
const HEIGHT = 96;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** Acts an hour over the last day, the denied ones on top; each bar says its numbers. */
export function ActsChart({ hours }: { hours: Overview["hours"] }): ReactNode {
  const bars = barsOf(hours);
  const step = WIDTH / Math.max(1, bars.length);
  const total = hours.reduce((sum, { acts, denied }) => sum + acts + denied, 0);
  const [first] = bars;
  return (
    <figure className="overview-chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${total} acts over the last day, hour by hour`}
      >
        {bars.map((bar, index) => {
          const x = index * step + 1;
          const top = HEIGHT - bar.height * HEIGHT;
          return (
            <g key={bar.at}>
              <title>{`${clock.format(new Date(bar.at))}: ${bar.acts} permitted, ${bar.denied} denied`}</title>
              <rect className="overview-bar" x={x} width={step - 2} y={top} height={bar.height * HEIGHT} />
              <rect
                className="overview-bar-denied"
                x={x}
                width={step - 2}
                y={top}
                height={bar.deniedHeight * HEIGHT}
              />
            </g>
          );
        })}
      </svg>
      <figcaption className="spread muted">
        <span>{first === undefined ? "" : clock.format(new Date(first.at))}</span>
        <span className="row">
          <span className="overview-key overview-key-acts" aria-hidden="true" /> permitted
          <span className="overview-key overview-key-denied" aria-hidden="true" /> denied
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}
