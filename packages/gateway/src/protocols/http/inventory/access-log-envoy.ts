import type { ActSource } from "../../../gate/inventory/seen.ts";
import { isNone, lineSource, type LogLine, readRequestLine } from "./log-line.ts";
import { readIsoTime } from "./log-line-time.ts";

const head = String.raw`^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z)\] "`;
/** Response code and flags; Istio writes details behind them, and why the connection to the upstream failed. */
const answer = String.raw`(\d{1,3}|-) [^\s"]+(?: [^\s"]+ [^\s"]+ "[^"]*")?`;
const quoted = '"([^"]*)"';
/** No part takes a quote but those that stand here: a value that holds one makes the line none. */
const lineForm = new RegExp(
  String.raw`${head}([^"]*)" ${answer} (\d+) (?:\d+) (?:\d+|-) [^\s"]+ ${quoted} "[^"]*" "[^"]*" ${quoted} "[^"]*"(?: [^"]*)?$`,
);
const begins = new RegExp(String.raw`${head}[A-Z]{3,16} `);

function read(text: string): LogLine | string {
  const match = lineForm.exec(text);
  if (match === null)
    return "it is no line of Envoy's or Istio's default format, or a value in it holds a quote";
  const [, time = "", request = "", status = "", received, forwarded = "", authority = ""] = match;
  const comma = forwarded.indexOf(",");
  const client = comma === -1 ? forwarded : forwarded.slice(0, comma);
  return {
    request: readRequestLine(request),
    status,
    by: isNone(client) ? "" : client.trim(),
    host: authority,
    at: readIsoTime(time),
    bodyBytes: Number(received),
  };
}

/**
 * Envoy's default text format (https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage) and
 * Istio's since 1.9. Envoy escapes nothing in it. Who made a request is the first address of `x-forwarded-for`: what the
 * client itself, or the first proxy, said. The path is the one that came, before Envoy rewrote it.
 */
export const httpEnvoy: ActSource = lineSource({
  format: "http-envoy",
  read,
  isLine: (text) => typeof read(text) !== "string",
  begins: (text) => begins.test(text),
});
