import type { ReactNode } from "react";

const paths = {
  overview: "M4 16.500v-5M8 16.500v-9M12 16.500v-6M16 16.500v-12",
  inbox: "M3 12h4l1.500 2.500h3L13 12h4M3 12l2.500-7h9L17 12v4H3z",
  live: "M10 10h.01M6.500 13.500a5 5 0 0 1 0-7M13.500 6.500a5 5 0 0 1 0 7M4 16a8.500 8.500 0 0 1 0-12M16 4a8.500 8.500 0 0 1 0 12",
  activity: "M4 5h12M4 10h12M4 15h7",
  reach: "M3.500 3.500h5v5h-5zM11.500 3.500h5v5h-5zM3.500 11.500h5v5h-5zM11.500 11.500h5v5h-5z",
  connections: "M4 4.500h12v4H4zM4 11.500h12v4H4zM7 6.500h.01M7 13.500h.01",
  integrity: "M10 3l6 2v5c0 3.500-2.500 6-6 7-3.500-1-6-3.500-6-7V5zM7.500 10l1.800 1.800 3.200-3.600",
  check: "M4 10.500l4 4 8-9",
  cross: "M5 5l10 10M15 5L5 15",
  warning: "M10 3.500l7.500 13h-15zM10 8.500v3.500M10 14.500h.01",
  info: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 9.500V13M10 7h.01",
  lock: "M5 9h10v7.500H5zM7 9V6.500a3 3 0 0 1 6 0V9",
  clock: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6.500V10l2.500 1.500",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  chevron: "M7.500 4.500L13 10l-5.500 5.500",
  down: "M5 7.500l5 5 5-5",
  person: "M10 3.500a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM4 16.500c.5-3 3-4.500 6-4.500s5.500 1.500 6 4.500",
  agent: "M5 7h10v8H5zM10 7V4M8 10.500h.01M12 10.500h.01M8 13h4",
  out: "M8 4H4v12h4M8 10h9M13.500 6.500L17 10l-3.500 3.500",
  sun: "M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.500 4.500l1 1M14.500 14.500l1 1M15.500 4.500l-1 1M5.500 14.500l-1 1",
  external: "M11 4h5v5M16 4l-7 7M14 11v5H4V6h5",
  refresh: "M16 10a6 6 0 1 1-1.800-4.300L16 7.500M16 3.500v4h-4",
  filter: "M3.500 5h13M6 10h8M8.500 15h3",
  download: "M10 3.500v9M6.500 9l3.500 3.500L13.500 9M4 16.500h12",
  back: "M12.500 4.500L7 10l5.500 5.500",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM13 13l3.500 3.500",
} as const;

/** The name of an icon of the console's own set. */
export type IconName = keyof typeof paths;

/** An icon: 20 by 20, drawn in the text's colour. Decoration only: what it means stands beside it in words. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }): ReactNode {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
