import { expect, test } from "vitest";
import { readWrk, spanOf } from "./wrk.ts";

const printed = `Running 2s test @ https://127.0.0.1:8443/small
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.90ms    1.20ms  30.10ms   91.00%
    Req/Sec     5.60k   400.00     6.10k    80.00%
  Latency Distribution
     50%  750.00us
     75%    3.10ms
     90%    4.00ms
     99%    1.20s
  11200 requests in 2.00s, 4.20MB read
Requests/sec:   5600.10
Transfer/sec:      2.10MB
`;

test("what wrk prints is read, in milliseconds and megabytes", () => {
  expect(readWrk(printed)).toEqual({
    requestsPerSecond: 5600.1,
    megabytesPerSecond: 2.1 * 1.048_576,
    p50: 0.75,
    p99: 1200,
    errors: 0,
  });
});

test("answers that were errors and sockets that failed are counted together", () => {
  const text = `${printed}  Socket errors: connect 1, read 2, write 0, timeout 4\n  Non-2xx or 3xx responses: 10\n`;
  expect(readWrk(text).errors).toBe(17);
});

test("what is counted begins after the handshakes and ends with wrk's time", () => {
  const { from, to } = spanOf(2);
  expect(from).toBeGreaterThan(0);
  expect(to).toBe(2000);
});
