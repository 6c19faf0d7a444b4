import type { Verdict } from "../../gate/protocol.ts";
import { type KubernetesAct, type KubernetesCover, readAct } from "./act.ts";
import { verdictOf, type Named } from "./judge.ts";
import { liveOf } from "./write/live.ts";
import { writeOf } from "./write/write.ts";

/**
 * A try-out for `mayflyd judge`: each act is `METHOD TARGET`, headers a line each, an empty line and a body. What kubectl
 * would upgrade is said by an Upgrade header or by `(Upgrade: PROTOCOL)` behind the target; what a cluster would say of
 * a pod by a line `Pod-Labels: app=shop,tier=web`, of the object that a write changes by a line
 * `Live-Object: {"metadata":{…},…}`, and to which port a forwarded connection goes by a line `Forwarded-Port: 8080`.
 */
export function trial(scopes: readonly Named[]): (act: string) => Verdict<KubernetesCover> {
  return (text) => {
    const act = readText(text);
    if (act !== undefined) return verdictOf(scopes, act);
    return {
      kind: "deny",
      denial: {
        rule: `${scopes[0]?.name.split("/")[0] ?? ""}: request`,
        message: "refused: this is no request",
        remedy: "correct",
        hint: "an act is METHOD /path?query, headers a line each, an empty line, the body",
      },
    };
  };
}

/** Reads an act as `trial` takes it; undefined: it is no request. */
export function readText(text: string): KubernetesAct | undefined {
  const plain = text.replaceAll("\r\n", "\n");
  const gap = plain.indexOf("\n\n");
  const [first = "", ...lines] = (gap === -1 ? plain : plain.slice(0, gap)).split("\n");
  const line =
    /^([A-Za-z]+) (\S+)(?: HTTP\/1\.1)?(?: with '([\w-]+): ([^']*)')?(?: \(Upgrade: ([\w/.]+)[^)]*\))?\s*$/.exec(
      first,
    );
  if (line === null) return undefined;
  const [, method = "", target = "", named, value, upgraded] = line;
  const headers: string[] = named === undefined ? [] : [named, value ?? ""];
  let upgrade = upgraded?.toLowerCase();
  let labels: Record<string, string> | undefined;
  let live: string | undefined;
  let port: number | undefined;
  for (const each of lines) {
    if (each.trim() === "") continue;
    const header = /^([\w-]+):\s*(.*)$/.exec(each);
    if (header === null) return undefined;
    const [, name = "", content = ""] = header;
    if (name.toLowerCase() === "pod-labels")
      labels = Object.fromEntries(
        content.split(",").map((pair) => [pair.split("=")[0] ?? "", pair.split("=")[1] ?? ""]),
      );
    else if (name.toLowerCase() === "live-object") live = content;
    else if (name.toLowerCase() === "forwarded-port") port = Number(content);
    else {
      if (name.toLowerCase() === "upgrade") upgrade = content.toLowerCase();
      headers.push(name, content);
    }
  }
  const body = gap === -1 ? "" : plain.slice(gap + 2);
  const act = readAct({
    method,
    target,
    headers,
    body: body.trim() === "" ? { kind: "none" } : { kind: "read", bytes: Buffer.from(body) },
    ...(upgrade === undefined ? {} : { upgrade }),
    ...(port === undefined ? {} : { port }),
    ...(labels === undefined ? {} : { pod: { uid: "trial", labels } }),
  });
  const { request } = act;
  return live === undefined || "why" in request || request.kind !== "resource"
    ? act
    : { ...act, write: writeOf(act, request, liveOf(live, request)) };
}
