// How spans of time are said. Pure.

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** What is left until a moment: "4:05", "1:02:09", "2 d 3 h"; "now" when it has passed. Milliseconds. */
export function countdownText(left: number): string {
  if (left <= 0) return "now";
  const seconds = Math.ceil(left / 1000);
  if (seconds >= day) return `${Math.floor(seconds / day)} d ${Math.floor((seconds % day) / hour)} h`;
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor((seconds % hour) / minute);
  const rest = two(seconds % minute);
  return seconds >= hour ? `${Math.floor(seconds / hour)}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A time-to-live in words: "5 minutes", "1 hour 30 minutes", "45 seconds". Seconds. */
export function spanText(seconds: number): string {
  const parts: string[] = [];
  const say = (value: number, unit: string): void => {
    if (value > 0) parts.push(`${value} ${unit}${value === 1 ? "" : "s"}`);
  };
  say(Math.floor(seconds / day), "day");
  say(Math.floor((seconds % day) / hour), "hour");
  say(Math.floor((seconds % hour) / minute), "minute");
  say(Math.floor(seconds % minute), "second");
  return parts.length === 0 ? "0 seconds" : parts.slice(0, 2).join(" ");
}

/** The same, short, for lists: "5 min", "1 h 30 min". Seconds. */
export function shortSpan(seconds: number): string {
  return spanText(seconds)
    .replaceAll(/ days?/g, " d")
    .replaceAll(/ hours?/g, " h")
    .replaceAll(/ minutes?/g, " min")
    .replaceAll(/ seconds?/g, " s");
}

/** How long ago, or how far ahead, a moment is: "just now", "3 min ago", "in 2 h". Milliseconds. */
export function agoText(at: number, now: number): string {
  const seconds = Math.round(Math.abs(now - at) / 1000);
  if (seconds < 10) return "just now";
  const text =
    seconds < minute
      ? `${seconds} s`
      : seconds < hour
        ? `${Math.floor(seconds / minute)} min`
        : seconds < day
          ? `${Math.floor(seconds / hour)} h`
          : `${Math.floor(seconds / day)} d`;
  return at <= now ? `${text} ago` : `in ${text}`;
}

/** A time-to-live as the API takes it: "90s", "5m". Seconds. */
export function ttlValue(seconds: number): string {
  return seconds % minute === 0 ? `${seconds / minute}m` : `${seconds}s`;
}
