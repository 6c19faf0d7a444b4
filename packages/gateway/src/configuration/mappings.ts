/** Whether a value is a mapping of the file. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A mapping without some of its members. */
export function without(mapping: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(mapping).filter(([name]) => !names.includes(name)));
}
