import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../../kernel/canonical.ts";
import type { KubernetesAct } from "./act.ts";

/** How a request is written down: what it does to what, the command line argument by argument, a body's digest. */
export function detailOf(act: KubernetesAct): string {
  const { request } = act;
  const body: Record<string, Json> =
    act.body.kind === "read" && act.body.bytes.length > 0
      ? {
          body: {
            bytes: act.body.bytes.length,
            sha256: createHash("sha256").update(act.body.bytes).digest("hex"),
          },
        }
      : {};
  if ("why" in request)
    return canonicalJson({ method: act.method, target: act.target.slice(0, 4096), ...body });
  if (request.kind === "discovery") return canonicalJson({ discovery: request.path, verb: "get" });
  const { verb, group, version, resource, subresource, namespace, name, query, exec } = request;
  const parameters = query.filter(([key]) => exec === undefined || !(key in { command: 1, container: 1 }));
  return canonicalJson({
    verb,
    ...(group === "" ? {} : { group }),
    version,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(exec === undefined || "why" in exec ? {} : { container: exec.container, argv: [...exec.argv] }),
    ...(parameters.length === 0 ? {} : { query: parameters.map(([key, value]) => [key, value]) }),
    ...(act.pod === undefined ? {} : { pod: act.pod.uid }),
    ...(act.port === undefined ? {} : { port: act.port }),
    ...body,
    ...writeDetail(act),
  });
}

/** What a write makes, as it was judged, and what is sent for it where that is not the body. */
function writeDetail({ write }: KubernetesAct): Record<string, Json> {
  if (write?.kind !== "object") return {};
  const { after, sent, version } = write;
  return {
    result: {
      sha256: createHash("sha256").update(JSON.stringify(after)).digest("hex"),
      ...(version === undefined ? {} : { of_version: version }),
    },
    ...(sent === undefined
      ? {}
      : {
          sent: {
            type: sent.type,
            bytes: sent.bytes.length,
            sha256: createHash("sha256").update(sent.bytes).digest("hex"),
          },
        }),
  };
}
