/** What a cost was at each size, smallest first. */
export interface Points {
  readonly sizes: readonly number[];
  readonly figures: readonly number[];
}

/** How a cost grows with its size. */
export type Growth = "flat" | "log" | "linear" | "worse";

/** Up to which exponent of the size a growth has its name. Noise of a third moves a step of ten by 0.12. */
const MOST: readonly (readonly [Growth, number])[] = [
  ["flat", 0.15],
  ["log", 0.4],
  ["linear", 1.2],
];

/** How many times the cost grew, and how many times the size, over the last step: there the fixed part counts least. */
function lastStep({ sizes, figures }: Points): { readonly cost: number; readonly size: number } {
  const of = (values: readonly number[]): number => (values.at(-1) ?? 0) / (values.at(-2) ?? 0);
  return { cost: of(figures), size: of(sizes) };
}

/** The word for a growth, by the exponent of the last step: cost ∝ size to the power of it. */
export function growthOf(points: Points): Growth {
  const { cost, size } = lastStep(points);
  const exponent = Math.log(cost) / Math.log(size);
  return MOST.find(([, most]) => exponent <= most)?.[0] ?? "worse";
}

/** `× 1.1 for × 10`, over all sizes. */
export function ratioOf({ sizes, figures }: Points): string {
  const cost = (figures.at(-1) ?? 0) / (figures[0] ?? 0);
  const size = (sizes.at(-1) ?? 0) / (sizes[0] ?? 0);
  return `× ${short(cost)} for × ${short(size)}`;
}

/** Three digits, or all of a whole number's. */
export function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toPrecision(2);
}
