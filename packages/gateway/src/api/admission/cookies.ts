import { stringifySetCookie } from "cookie";
import { ApiProblem } from "../contract/problems.ts";

/** Holds a browser session. `__Host-`: this host's alone, over TLS alone; no other can set it (RFC 6265bis, 4.1.3.2). */
export const sessionCookie = "__Host-mayfly";

/** Binds a sign-in to the browser that began it. */
export const signInCookie = "__Host-mayfly-sign-in";

/**
 * One cookie of a request, from all its Cookie headers.
 * @param rawHeaders names and values in turn, as they came
 * @throws ApiProblem malformed_request (400) when two of that name came: nobody could say which counts
 */
export function cookieOf(rawHeaders: readonly string[], name: string): string | undefined {
  const found: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== "cookie") continue;
    for (const pair of (rawHeaders[i + 1] ?? "").split(";")) {
      const at = pair.indexOf("=");
      if (at !== -1 && pair.slice(0, at).trim() === name) found.push(pair.slice(at + 1).trim());
    }
  }
  if (found.length > 1) {
    throw new ApiProblem(
      "malformed_request",
      400,
      `the request has two cookies ${name}`,
      "sign out, then in again",
    );
  }
  return found[0] === "" ? undefined : found[0];
}

/** A Set-Cookie header for a session's cookie. @param seconds how long the browser keeps it */
export function setSessionCookie(value: string, seconds: number): string {
  return stringifySetCookie({
    name: sessionCookie,
    value,
    path: "/",
    secure: true,
    httpOnly: true,
    sameSite: "lax",
    maxAge: Math.max(0, Math.floor(seconds)),
  });
}

/**
 * A Set-Cookie header for the cookie of a sign-in under way.
 * @param crossSite the provider's answer is a POST from its own site (SAML): the cookie has to come with that
 */
export function setSignInCookie(value: string, crossSite: boolean): string {
  return stringifySetCookie({
    name: signInCookie,
    value,
    path: "/",
    secure: true,
    httpOnly: true,
    sameSite: crossSite ? "none" : "lax",
    maxAge: 600,
  });
}

/** A Set-Cookie header that takes a cookie back. */
export function dropCookie(name: string): string {
  return stringifySetCookie({
    name,
    value: "",
    path: "/",
    secure: true,
    httpOnly: true,
    sameSite: "lax",
    maxAge: 0,
  });
}
