import * as z from "zod";
import { bodyOf, MAX_ANSWER_BYTES, refusalIn, upstreamErrorOf } from "../../../gate/tools/answers.ts";
import { connectionInput, grantInput } from "../../../gate/tools/inputs.ts";
import { type Tool, tool, type ToolCall } from "../../../gate/tools/tool.ts";
import { MayflyError } from "../../../kernel/errors.ts";

/** A DNS label or subdomain: names of namespaces, objects and groups (RFC 1123). */
export const nameInput: z.ZodString = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/);
const selector = z.string().max(1000).optional();

/** Groups of the resources that are read most; the core's need none. */
const groups: Readonly<Record<string, string>> = {
  deployments: "apps",
  replicasets: "apps",
  statefulsets: "apps",
  daemonsets: "apps",
  jobs: "batch",
  cronjobs: "batch",
  ingresses: "networking.k8s.io",
  networkpolicies: "networking.k8s.io",
  horizontalpodautoscalers: "autoscaling/v2",
};

/** The path of a resource: `pods`, `deployments` or `deployments.apps`, `widgets.example.com/v1beta1`. */
export function pathOf(resource: string, namespace: string | undefined, name: string | undefined): string {
  const [plural = "", written = ""] = split(resource);
  const [group = "", version = "v1"] = (written === "" ? (groups[plural] ?? "") : written).split("/");
  const root = group === "" ? "/api/v1" : `/apis/${group}/${version}`;
  const inNamespace = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `${root}${inNamespace}/${plural}${name === undefined ? "" : `/${name}`}`;
}

function split(resource: string): readonly string[] {
  const dot = resource.indexOf(".");
  return dot < 0 ? [resource, ""] : [resource.slice(0, dot), resource.slice(dot + 1)];
}

function queryOf(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ""
    : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
}

async function get(
  call: ToolCall,
  at: {
    readonly connection: string;
    readonly grant?: string | undefined;
    readonly path: string;
    readonly accept: string;
  },
): Promise<Readonly<Record<string, unknown>> & { readonly cut: boolean }> {
  const result = await call.loopback.request({
    connection: at.connection,
    grant: at.grant,
    method: "GET",
    path: at.path,
    headers: { accept: at.accept },
    bytes: MAX_ANSWER_BYTES,
  });
  const refusal = refusalIn(result, call, at.connection);
  if (refusal !== undefined) throw refusal;
  if (result.status >= 400) throw upstreamErrorOf(result);
  return { ...bodyOf(result), cut: result.cut };
}

/** Without what no reader needs: who set which field. */
function trimmed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(trimmed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      name === "managedFields" ? [] : [[name, trimmed(item)]],
    ),
  );
}

/** Reads objects. */
export const kubernetesGet: Tool = tool({
  name: "kubernetes_get",
  title: "Read Kubernetes objects",
  description:
    "Reads one object (give name) or lists them, under your active grant on a Kubernetes connection. Give resource (pods, deployments, configmaps, widgets.example.com/v1), " +
    "namespace and name, or a path of the API (/api/v1/namespaces/shop/pods). Lists are paged: pass the answer's continue. managedFields are left out.",
  input: z
    .strictObject({
      connection: connectionInput,
      grant: grantInput,
      resource: z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,62}(?:\.[a-z0-9][a-z0-9.-]{0,200}(?:\/v[0-9a-z]{1,20})?)?$/)
        .optional()
        .describe("In the plural, with its group where it is not a usual one"),
      namespace: nameInput.optional(),
      name: nameInput.optional(),
      path: z
        .string()
        .max(4096)
        .regex(/^\/[\x21-\x7e]*$/)
        .optional()
        .describe("Instead of resource"),
      label_selector: selector,
      field_selector: selector,
      limit: z.int().min(1).max(500).default(50).describe("Of a list: objects an answer"),
      continue: z.string().max(4096).optional().describe("Of a list: where the last answer ended"),
    })
    .refine(({ resource, path }) => (resource === undefined) !== (path === undefined), {
      error: "give either resource or path",
    }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run(input, call) {
    const isList = input.name === undefined && input.path === undefined;
    const path =
      input.path ??
      pathOf(input.resource ?? "", input.namespace, input.name) +
        queryOf({
          labelSelector: input.label_selector,
          fieldSelector: input.field_selector,
          limit: isList ? input.limit : undefined,
          continue: input.continue,
        });
    const { connection, grant } = input;
    const { cut, body } = await get(call, { connection, grant, path, accept: "application/json" });
    if (cut)
      throw new MayflyError("too_large", `the answer is larger than ${MAX_ANSWER_BYTES} bytes`, {
        status: 413,
        hint: "ask for one object by its name, use selectors, or a smaller limit",
      });
    const object = trimmed(body);
    const { metadata } = (object ?? {}) as { readonly metadata?: { readonly continue?: unknown } };
    const next = metadata?.continue;
    return { object, ...(typeof next === "string" && next !== "" ? { continue: next } : {}) };
  },
});

/** Reads a container's log. */
export const kubernetesLogs: Tool = tool({
  name: "kubernetes_logs",
  title: "Read a container's log",
  description:
    "Reads the last lines of a pod's log, under your active grant on a Kubernetes connection. For older lines ask for more (tail_lines) or by time (since_seconds); previous reads the container that crashed before this one.",
  input: z.strictObject({
    connection: connectionInput,
    grant: grantInput,
    namespace: nameInput,
    pod: nameInput,
    container: nameInput.optional(),
    tail_lines: z.int().min(1).max(5000).default(200),
    since_seconds: z.int().min(1).max(2_592_000).optional(),
    previous: z.boolean().optional(),
    timestamps: z.boolean().optional(),
  }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run(input, call) {
    const { connection, grant } = input;
    const path = `${pathOf("pods", input.namespace, input.pod)}/log${queryOf({
      container: input.container,
      tailLines: input.tail_lines,
      sinceSeconds: input.since_seconds,
      previous: input.previous,
      timestamps: input.timestamps,
    })}`;
    const { cut, body, body_base64 } = await get(call, { connection, grant, path, accept: "*/*" });
    return {
      ...(body_base64 === undefined ? { log: body ?? "" } : { log_base64: body_base64 }),
      ...(cut ? { truncated: true, next: "ask for fewer lines: the newest are missing" } : {}),
    };
  },
});
