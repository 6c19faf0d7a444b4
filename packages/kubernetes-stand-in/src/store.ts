import { EventEmitter } from "node:events";
import { randomUUID } from "node:crypto";
import type { Kind, KubernetesObject } from "./kinds.ts";

/** A change, as watches tell it. */
export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly kind: Kind;
  readonly object: KubernetesObject;
}

/** The objects, in memory. */
export class Store {
  readonly changes: EventEmitter<{ change: [Change] }> = new EventEmitter();
  readonly #objects = new Map<string, KubernetesObject>();
  #version = 100;

  constructor() {
    this.changes.setMaxListeners(0);
  }

  get version(): string {
    return String(this.#version);
  }

  #key(kind: Kind, namespace: string, name: string): string {
    return `${kind.plural}.${kind.group}/${namespace}/${name}`;
  }

  get(kind: Kind, namespace: string, name: string): KubernetesObject | undefined {
    return this.#objects.get(this.#key(kind, namespace, name));
  }

  list(kind: Kind, namespace: string | undefined): readonly KubernetesObject[] {
    const prefix = `${kind.plural}.${kind.group}/`;
    return [...this.#objects]
      .filter(
        ([key]) =>
          key.startsWith(prefix) && (namespace === undefined || key.startsWith(`${prefix}${namespace}/`)),
      )
      .map(([, object]) => object);
  }

  put(kind: Kind, namespace: string, given: KubernetesObject): KubernetesObject {
    const key = this.#key(kind, namespace, given.metadata.name);
    const known = this.#objects.get(key);
    this.#version += 1;
    const object: KubernetesObject = {
      ...given,
      apiVersion: kind.group === "" ? "v1" : `${kind.group}/v1`,
      kind: kind.kind,
      metadata: {
        ...given.metadata,
        ...(kind.namespaced ? { namespace } : {}),
        uid: known?.metadata.uid ?? given.metadata.uid ?? randomUUID(),
        creationTimestamp:
          known?.metadata.creationTimestamp ?? new Date().toISOString().replace(/\.\d+Z/, "Z"),
        resourceVersion: this.version,
      },
    };
    this.#objects.set(key, object);
    this.changes.emit("change", { type: known === undefined ? "ADDED" : "MODIFIED", kind, object });
    return object;
  }

  remove(kind: Kind, namespace: string, name: string): KubernetesObject | undefined {
    const key = this.#key(kind, namespace, name);
    const object = this.#objects.get(key);
    if (object === undefined) return undefined;
    this.#version += 1;
    this.#objects.delete(key);
    this.changes.emit("change", { type: "DELETED", kind, object });
    return object;
  }
}

/** A JSON merge patch (RFC 7396). */
export function merged(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  const base = target !== null && typeof target === "object" && !Array.isArray(target) ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}
