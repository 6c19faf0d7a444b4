import { isIP } from "node:net";
import * as z from "zod";
import { addIssue } from "../kernel/issue.ts";

// The small schemas from which members of a configuration are built. Their messages never repeat a value.

/** A non-empty text. */
export const text = z.string().min(1);

/** Names of connections and operations: only ASCII, so that no two look alike. */
export const namePattern = /^[a-z][a-z0-9-]{0,62}$/;

/** A list of distinct, non-empty texts. */
export function texts(least: 0 | 1): z.ZodType<string[], string[]> {
  const list = least === 0 ? z.array(text) : z.array(text).min(1);
  return list.superRefine((items, context) => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (seen.size !== seen.add(item).size) continue;
      context.addIssue({ code: "custom", path: [index], message: "this stands twice in the list" });
    }
  });
}

/** `host:port`, `[v6]:port`. */
export const hostAndPort = z
  .string()
  .meta({ description: "HOST:PORT, for example 0.0.0.0:8443 or [::1]:8443; port 0 takes any free one" })
  .transform((written, context) => {
    const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(written);
    const host = match?.[1] ?? match?.[2] ?? "";
    const port = Number(match?.[3]);
    if (match === null)
      return addIssue(
        context,
        written,
        "this is not an address",
        "write HOST:PORT, for example 0.0.0.0:8443",
      );
    if (match[1] !== undefined ? isIP(host) !== 6 : isIP(host) !== 4 && !isHostName(host)) {
      return addIssue(context, written, "this address names no host", "write an IP address or a host name");
    }
    if (port > 65_535) return addIssue(context, written, "a port is a number up to 65535");
    return { host, port };
  });

function isHostName(host: string): boolean {
  // Only digits and dots are a mistyped IPv4 address, not a name (RFC 1123, section 2.1).
  return (
    /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(host) &&
    !/^[\d.]+$/.test(host)
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * Checks an HTTPS address.
 * @param allow `insecureLoopback`: what `allow_insecure_loopback` beside it says; undefined where that is no member
 * @returns what is wrong with it, or undefined
 */
export function problemOfUrl(
  written: string,
  allow: { path: boolean; insecureLoopback: boolean | undefined },
): { message: string; hint?: string } | undefined {
  let url: URL;
  try {
    url = new URL(written);
  } catch {
    return { message: "this is not a URL", hint: "write https://HOST" };
  }
  if (url.username !== "" || url.password !== "") {
    return { message: "a user name or password does not belong in this URL" };
  }
  if (url.protocol === "http:") {
    if (allow.insecureLoopback !== true)
      return {
        message: "this must start with https://",
        ...(allow.insecureLoopback === false && isLoopback(url.hostname)
          ? { hint: "to try things out on this machine alone: allow_insecure_loopback: true beside it" }
          : {}),
      };
    if (!isLoopback(url.hostname))
      return { message: "http:// is only for a host on the loopback address", hint: "use https://" };
  } else if (url.protocol !== "https:") return { message: "this must start with https://" };
  if (written.includes("?") || written.includes("#"))
    return { message: "this URL takes no query and no fragment" };
  if (!allow.path && url.pathname !== "/")
    return { message: "this URL takes no path", hint: "end it after host and port" };
  return undefined;
}

/** The gateway's own address, without a slash at its end. */
export const origin = z
  .string()
  .meta({ description: "Where agents reach the gateway: https://HOST:PORT" })
  .transform((written, context) => {
    const problem = problemOfUrl(written, { path: false, insecureLoopback: undefined });
    if (problem !== undefined) return addIssue(context, written, problem.message, problem.hint);
    return new URL(written).origin;
  });

/** A whole number between two bounds. */
export function count(min: number, max: number): z.ZodInt {
  return z.int().min(min).max(max);
}

/** A path to a file. A text of several lines is refused: it may be the file's contents, such as a key. */
export const filePath = z
  .string()
  .min(1)
  .superRefine((written, context) => {
    if (!/[\n\r\0]|-----BEGIN/.test(written)) return;
    context.addIssue({
      code: "custom",
      message: "this must be the path of a file, not its contents",
      params: { hint: "put the contents into a file and write its path" },
    });
  });
