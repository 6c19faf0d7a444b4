import { domainToASCII } from "node:url";
import type { Found } from "../../../gate/inventory/seen.ts";
import { harAct } from "./har-act.ts";
import { type HarHeaders, type HarObject, headersOf, isObject, objectIn, textIn } from "./har-members.ts";
import { foundOf, unread } from "./log-line.ts";
import { readIsoTime } from "./log-line-time.ts";

/** Three digits; empty: there is none. Some tools write it as a text. */
function statusOf(response: HarObject): string {
  const { status } = response;
  return typeof status === "number" || typeof status === "string" ? String(status) : "";
}

/** Addresses of what a browser has by itself, at which nobody's API is. */
const ownAddress =
  /^(?:data|blob|about|file|filesystem|javascript|view-source|resource|chrome|chrome-untrusted|devtools|edge|brave|jar|moz-icon|[a-z-]+-extension):/i;
const urlForm = /^(?:http|ws)s?:\/\/(?:[^/?#\\]*@)?([^/?#\\@]*)([^#]*)/is;

/** Whether a request never went to an API by itself: a cache or a test answered it, or it is the client's own business. */
function isNoCall(entry: HarObject, request: HarObject, headers: HarHeaders): boolean {
  const { _fromCache: cache, _wasFulfilled: wasFulfilled } = entry;
  const { method } = request;
  return (
    (typeof cache === "string" && cache !== "") ||
    cache === true ||
    wasFulfilled === true ||
    ownAddress.test(textIn(request, "url")) ||
    // A tunnel through the proxy that recorded it.
    method === "CONNECT" ||
    (method === "OPTIONS" && headers.has("access-control-request-method"))
  );
}

/** A longer one is none. */
const MAX_HOST_CHARACTERS = 300;

/** A host whose name is not in ASCII as requests have it, with its port. */
function asciiHost(host: string): string {
  if (host.length > MAX_HOST_CHARACTERS || !/[\u0080-\uffff]/.test(host)) return host;
  const [, name = "", port = ""] = /^(.*?)(:\d*)?$/s.exec(host) ?? [];
  return `${domainToASCII(name)}${port}`;
}

/**
 * What an entry comes to; undefined: it is nobody's call of an API.
 * @param number the first entry is 1
 */
export function foundInEntry(number: number, entry: unknown): Found | undefined {
  if (!isObject(entry)) return unread(number, "it is no JSON object");
  const request = objectIn(entry, "request");
  const headers = headersOf(request);
  if (isNoCall(entry, request, headers)) return undefined;
  const status = statusOf(objectIn(entry, "response"));
  const url = urlForm.exec(textIn(request, "url"));
  const [, host = "", rest = ""] = url ?? [];
  const method = textIn(request, "method");
  const target = rest === "" || rest.startsWith("?") ? `/${rest}` : rest;
  const found = foundOf(number, {
    request: url === null ? "its URL is none of HTTP" : { method, target },
    status,
    by: "",
    host: asciiHost(host),
    at: readIsoTime(textIn(entry, "startedDateTime")),
  });
  if (found.kind !== "act") return found;
  if (found.act.within === undefined) return unread(number, "its host is none");
  const isWebSocket =
    status === "101" || entry["_resourceType"] === "websocket" || Array.isArray(entry["_webSocketMessages"]);
  const act = harAct(`${method} ${target}`, method, request, headers, isWebSocket);
  return act === undefined
    ? unread(number, "its headers are too many")
    : { kind: "act", act: { ...found.act, act } };
}
