import * as z from "zod";
import { neverVerbs, problemOfResource, WRITING_VERBS } from "./request/never.ts";

const namespace = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "this is not a namespace's name; patterns are not taken here",
  );
const namePattern = z
  .string()
  .regex(
    /^[A-Za-z0-9*]([A-Za-z0-9:._*-]{0,251}[A-Za-z0-9*])?$/,
    "this is not a name, with * for a part of it",
  );
const labels = z.record(
  z
    .string()
    .regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, "this is not a label"),
  z.string().max(63),
);

/** `pods`, `pods/log`, `deployments.apps`, `deployments.apps/scale`. */
const resource = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}(\.[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?(\/[a-z]{1,40})?$/,
    "write a resource as pods, pods/log, deployments.apps or deployments.apps/scale",
  );

/** Pods by their labels, or by their names. */
const pods = {
  namespaces: z.array(namespace).min(1),
  pods: labels.optional().describe("Labels that a pod must have"),
  names: z.array(namePattern).min(1).optional().describe("Names of pods, * for a part of one"),
};

/** What one operation on a cluster may say. `docs/kubernetes.md` explains every member. */
export const scopeSchema = z.strictObject({
  resources: z.array(resource).min(1).optional(),
  verbs: z
    .array(
      z.enum(["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"], {
        error: (issue) => neverVerbs[String(issue.input)],
      }),
    )
    .min(1)
    .optional(),
  namespaces: z.array(namespace).min(1).optional(),
  names: z.array(namePattern).min(1).optional().describe("Names of objects; with it nothing is listed"),
  cluster: z
    .boolean()
    .default(false)
    .describe("Lets it reach what is in no namespace, and list across all of them"),
  mask: z
    .record(z.string().regex(/^[a-z]+$/), z.array(z.string().regex(/^[A-Za-z]+$/)).min(1))
    .default({})
    .describe("Members of objects that do not come down, by resource: { secrets: [data, stringData] }"),
  service_accounts: z
    .array(namePattern)
    .default([])
    .describe("Service accounts that what is written may run as, beside default; * for a part of a name"),
  exec: z
    .strictObject({
      ...pods,
      containers: z.array(z.string().min(1)).min(1).optional().describe("Left out: any, named by the client"),
      commands: z
        .array(z.array(z.string().min(1)).min(1))
        .min(1)
        .describe("Command lines, element by element; * for one"),
      stdin: z.boolean().default(false),
      terminal: z.boolean().default(false),
    })
    .optional(),
  port_forward: z.strictObject({ ...pods, ports: z.array(z.int().min(1).max(65_535)).min(1) }).optional(),
});

/** A scope, parsed. */
export type KubernetesScope = z.output<typeof scopeSchema>;
export type ExecScope = NonNullable<KubernetesScope["exec"]>;
export type PodsScope = Pick<ExecScope, "namespaces" | "pods" | "names">;

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** Problems that the schema cannot see. */
export function checkScope(scope: KubernetesScope): readonly Problem[] {
  const problems: Problem[] = [];
  const { resources, verbs, namespaces, exec, port_forward: forward } = scope;
  if (resources === undefined && exec === undefined && forward === undefined)
    problems.push({
      path: [],
      message: "the operation grants nothing",
      hint: "write resources and verbs, exec, or port_forward",
    });
  if ((resources === undefined) !== (verbs === undefined))
    problems.push({ path: [], message: "resources and verbs go together", hint: "write both" });
  if (resources !== undefined && namespaces === undefined && !scope.cluster)
    problems.push({
      path: ["resources"],
      message: "in which namespaces?",
      hint: "write namespaces: [NAME], or cluster: true",
    });
  if (resources === undefined && (namespaces !== undefined || scope.names !== undefined || scope.cluster))
    problems.push({
      path: [],
      message: "namespaces, names and cluster are about resources",
      hint: "add resources and verbs",
    });
  for (const [index, name] of (resources ?? []).entries()) {
    const found = problemOfResource(name, verbs ?? []);
    if (found !== undefined) problems.push({ path: ["resources", index], ...found });
  }
  if (scope.service_accounts.length > 0 && !(verbs ?? []).some((verb) => WRITING_VERBS.includes(verb)))
    problems.push({
      path: ["service_accounts"],
      message: "service_accounts is about what is written",
      hint: "add create, update or patch to verbs, or remove it",
    });
  for (const [member, part] of [
    ["exec", exec],
    ["port_forward", forward],
  ] as const) {
    if (part === undefined) continue;
    if ((part.pods === undefined) === (part.names === undefined))
      problems.push({
        path: [member],
        message: "which pods?",
        hint: "write pods: { LABEL: VALUE }, or names: [NAME]",
      });
    if (part.pods !== undefined && Object.keys(part.pods).length === 0)
      problems.push({
        path: [member, "pods"],
        message: "no label is every pod",
        hint: "name at least one label",
      });
  }
  for (const [index, command] of (exec?.commands ?? []).entries()) {
    if (command[0]?.includes("*") === true)
      problems.push({
        path: ["exec", "commands", index, 0],
        message: "the program itself must be written out",
      });
  }
  for (const name of Object.keys(scope.mask)) {
    if (!(resources ?? []).some((each) => each.split(/[./]/)[0] === name))
      problems.push({
        path: ["mask", name],
        message: `${name} is not among the resources`,
        hint: "add it, or remove it here",
      });
    if (verbs?.includes("watch") === true)
      problems.push({
        path: ["mask", name],
        message: "what is watched can't be masked",
        hint: "grant watch in an operation of its own",
      });
  }
  return problems;
}
