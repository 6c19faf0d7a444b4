import * as z from "zod";
import { type Coding, codingFor, type ConsoleFile, consoleFiles } from "./files.ts";
import { type EndpointResponse, type Endpoint, openEndpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";
import type { EndpointId } from "../roles.ts";

/**
 * What the console's pages may do: load what this gateway serves, and talk to it. Nothing inline, nothing evaluated,
 * nothing from elsewhere, no form to elsewhere, no frame around it, and no text that becomes code or markup
 * (Trusted Types). Signing in is a navigation, which this does not govern.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Beside what every answer says (security-headers.ts). The clipboard is for the copy buttons. */
const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": policy,
  "permissions-policy":
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), " +
    "midi=(), payment=(), publickey-credentials-get=(), usb=(), xr-spatial-tracking=(), clipboard-write=(self)",
  vary: "accept-encoding",
};

/** Names say what is in them: a file of one name never changes. */
const forever = "public, max-age=31536000, immutable";
/** Kept, but asked for each time: it names the files of this very build. */
const eachTime = "no-cache";

const headersSchema = z.looseObject({
  "accept-encoding": z.string().optional().catch(undefined),
  "if-none-match": z.string().optional().catch(undefined),
});

const bytes = z.custom<Buffer>((value) => Buffer.isBuffer(value));

/** How to build the console, for whoever opens it in a clone where nobody has. */
const notBuilt = Buffer.from(
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Mayfly</title><h1>The console is not built yet</h1>' +
    "<p>This gateway runs from its sources. Build the console with <code>npm run build</code>, then load this page " +
    "again; the gateway need not restart. The <code>mayfly</code> command works without it.</p></html>",
);

function send(
  file: ConsoleFile,
  asked: z.output<typeof headersSchema>,
  cacheControl: string,
): EndpointResponse {
  const coding = codingFor(file, asked["accept-encoding"]);
  const etag = `"${file.digest}${coding === "identity" ? "" : `-${coding}`}"`;
  const headers = { ...pageHeaders, "cache-control": cacheControl, etag };
  const known = (asked["if-none-match"] ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (known.includes(etag)) return { status: 304, headers };
  return { status: 200, ...contentOf(file, coding), headers: { ...headers, ...codedAs(coding) } };
}

const contentOf = (file: ConsoleFile, coding: Coding): Pick<EndpointResponse, "body" | "mediaType"> => ({
  body: file.bytes[coding] ?? file.bytes.identity,
  mediaType: file.mediaType,
});

const codedAs = (coding: Coding): Readonly<Record<string, string>> =>
  coding === "identity" ? {} : { "content-encoding": coding };

/** A path that somebody could have typed or followed: plain words. What is encoded, or names a file, is no page. */
const plainPath = /^(?:\/[\w-]{1,60}){1,6}$/;

/**
 * What a browser gets that navigates to a path which nothing is at: the console's page, which says so.
 * @param path without its query
 * @returns undefined for whoever is no browser on its way to a page, and where the console is not built
 */
export function noSuchPage(
  method: string,
  path: string,
  asked: Readonly<Record<string, unknown>>,
):
  | (Pick<EndpointResponse, "body" | "mediaType"> & { readonly headers: Readonly<Record<string, string>> })
  | undefined {
  const { accept } = asked;
  if (method !== "GET" || typeof accept !== "string" || !/\btext\/html\b/.test(accept)) return undefined;
  if (!plainPath.test(path) || path.startsWith("/v1/") || path.startsWith("/assets/")) return undefined;
  const page = consoleFiles()?.page;
  if (page === undefined) return undefined;
  const accepted = asked["accept-encoding"];
  const coding = codingFor(page, typeof accepted === "string" ? accepted : undefined);
  return {
    ...contentOf(page, coding),
    headers: {
      ...pageHeaders,
      vary: "accept, accept-encoding",
      "cache-control": "no-store",
      ...codedAs(coding),
    },
  };
}

const answers = {
  200: { description: "The file", schema: bytes, mediaType: "application/octet-stream" },
  304: { description: "The client has it" },
  503: { description: "The console is not built", schema: bytes, mediaType: "text/html; charset=utf-8" },
};

/** The console is one page; which of its views is shown, the page itself reads from the path. */
function page(id: EndpointId, name: string): Endpoint {
  return openEndpoint({
    id,
    operationId: name,
    summary: "A page of the console",
    browser: true,
    // What a view keeps in its query is the view's own.
    query: z.looseObject({}),
    headers: headersSchema,
    ...(id.includes("{id}") ? { params: z.object({ id: z.string().max(300) }) } : {}),
    answers,
    handle({ headers }) {
      const files = consoleFiles();
      if (files === undefined) return { status: 503, body: notBuilt, headers: pageHeaders };
      return send(files.page, headers, eachTime);
    },
  });
}

const asset = openEndpoint({
  id: "GET /assets/{file}",
  operationId: "consoleAsset",
  summary: "A file that the console's page loads",
  browser: true,
  params: z.object({ file: z.string().max(100) }),
  headers: headersSchema,
  answers,
  handle({ params, headers }) {
    // By name in a table: no path is ever made of what a client sends.
    const file = consoleFiles()?.assets.get(params.file);
    if (file === undefined) {
      throw new ApiProblem("not_found", 404, "the console has no such file", "load the page again");
    }
    return send(file, headers, forever);
  },
});

/** The console's pages and files. */
export const consoleEndpoints: readonly Endpoint[] = [
  page("GET /", "consoleStart"),
  page("GET /sign-in", "consoleSignIn"),
  page("GET /overview", "consoleOverview"),
  page("GET /inbox", "consoleInbox"),
  page("GET /emergencies", "consoleEmergencies"),
  page("GET /requests/{id}", "consoleRequest"),
  page("GET /live", "consoleLive"),
  page("GET /agents/{id}", "consoleAgent"),
  page("GET /activity", "consoleActivity"),
  page("GET /reach", "consoleReach"),
  page("GET /connections", "consoleConnections"),
  page("GET /integrity", "consoleIntegrity"),
  page("GET /sessions", "consoleSessions"),
  asset,
];
