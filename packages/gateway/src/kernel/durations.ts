import * as z from "zod";
import { addIssue } from "./issue.ts";

const unitsInSeconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;
/** How a duration is written: `500ms`, `30s`, `5m`, `8h`, `7d`. */
export const durationPattern = /^(\d{1,9})(ms|s|m|h|d)$/;

/**
 * Reads a duration as configuration and command lines write it.
 * @returns milliseconds, or undefined when the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  if (match === null) return undefined;
  const unit = match[2] as keyof typeof unitsInSeconds;
  return Math.round(Number(match[1]) * unitsInSeconds[unit] * 1000);
}

/** Writes milliseconds as a person would: `5m`, `1m 30s`, `250ms`. `@mayfly/sdk/formats` writes the same. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return ms < 0.5 ? "0s" : `${Math.round(ms)}ms`;
  let seconds = Math.round(ms / 1000);
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = unitsInSeconds[unit];
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

/** A member of a configuration that holds a duration such as `5m`; parsed to milliseconds between `min` and `max`. */
export function duration(min: number, max: number): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z
    .string({ error: "this must be a duration such as 30s, 5m or 8h" })
    .meta({
      description: `A duration from ${formatDuration(min)} to ${formatDuration(max)}: 30s, 5m, 8h, 7d`,
    })
    .transform((written, context) => {
      const ms = parseDuration(written);
      if (ms === undefined)
        return addIssue(context, written, "this is not a duration", "write 30s, 5m or 8h");
      if (ms < min) return addIssue(context, written, `this is shorter than ${formatDuration(min)}`);
      if (ms > max) return addIssue(context, written, `this is longer than ${formatDuration(max)}`);
      return ms;
    });
}
