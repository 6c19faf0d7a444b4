import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

const parts = readFileSync(new URL("./otlp-1.9.0.proto.txt", import.meta.url), "utf8").split(
  /^\/\/ file: .*$/m,
);
const root = new protobuf.Root();
for (const part of parts.slice(1)) protobuf.parse(part, root);
const request = root.lookupType("opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest");

/** A request as a receiver reads it from its published messages: what they do not know is not in it. */
export function readAsOtlp(json: unknown): unknown {
  const encoded = request.encode(request.fromObject(json as Record<string, unknown>)).finish();
  return request.toObject(request.decode(encoded), { longs: String });
}

const traces = root.lookupType("opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest");

/** Members of bytes that are hexadecimal in the JSON of OTLP, and not base64 (OTLP, "JSON Protobuf Encoding"). */
const ids = new Set(["traceId", "spanId", "parentSpanId"]);

function withIds(value: unknown, convert: (id: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => withIds(one, convert));
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, ids.has(name) ? convert(one) : withIds(one, convert)]),
  );
}

/** As `readAsOtlp`, of traces. */
export function readAsTraces(json: unknown): unknown {
  const binary = withIds(json, (id) => Buffer.from(String(id), "hex")) as Record<string, unknown>;
  const decoded = traces.decode(traces.encode(traces.fromObject(binary)).finish());
  return withIds(traces.toObject(decoded, { longs: String }), (id) =>
    Buffer.from(id as Uint8Array).toString("hex"),
  );
}
