const unitsInBytes = { GiB: 1_073_741_824, MiB: 1_048_576, KiB: 1024, B: 1 } as const;
/** How a size is written: `512B`, `64KiB`, `10MiB`. */
export const sizePattern = /^([1-9]\d{0,5})(B|KiB|MiB|GiB)$/;

/** Reads a size as configuration writes it. @returns bytes, or undefined when the text is not a size */
export function parseSize(text: string): number | undefined {
  const match = sizePattern.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * unitsInBytes[match[2] as keyof typeof unitsInBytes];
}

/** Writes bytes exactly, in the largest unit that they are a whole number of. */
export function formatSize(bytes: number): string {
  const units = Object.entries(unitsInBytes);
  const [unit, size] = units.find(([, each]) => bytes >= each && bytes % each === 0) ?? ["B", 1];
  return `${bytes / size}${unit}`;
}
