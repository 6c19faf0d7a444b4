import { expect, test } from "vitest";
import { httpSources } from "./sources.ts";

test.each([
  ["http-combined", '10.0.0.1 - - [02/Dec/2026:08:19:19 +0000] "GET /a HTTP/1.1" 200 5 "-" "-"\n'],
  [
    "http-envoy",
    '[2026-12-02T08:19:19.123Z] "GET /a HTTP/1.1" 200 - 0 1 5 4 "-" "-" "1" "shop" "10.0.0.1:443"\n',
  ],
  ["http-json", '{"request":"GET /a HTTP/1.1","status":"200"}\n'],
  [
    undefined,
    '{"timestamp":"2026-11-29 12:00:00.123 UTC","error_severity":"LOG","message":"statement: SELECT 1"}\n',
  ],
  [undefined, "#Fields: date time cs-method cs-uri-stem\n"],
])("%s alone recognizes its own", (format, text) => {
  const formats = httpSources.filter((source) => source.recognizes(text)).map((source) => source.format);
  expect(formats).toEqual(format === undefined ? [] : [format]);
});
