type Entry = Record<string, unknown>;

/** The adapters, and a look inside for the levers. */
export interface MemoryAdapters {
  /** What oidc-provider is given as its `adapter`. */
  readonly adapter: (model: string) => object;
  /** The entries of a model that have not expired. */
  live(model: string): readonly Entry[];
}

/**
 * Where oidc-provider keeps its codes, sessions and grants: in memory, outside of the provider, so that it survives
 * the provider that each key rotation makes anew. Nothing is ever thrown away; a stand-in does not live long.
 */
export function memoryAdapters(): MemoryAdapters {
  const models = new Map<string, Map<string, { value: Entry; until: number }>>();
  const adapter = (model: string): object => {
    const entries = models.get(model) ?? new Map<string, { value: Entry; until: number }>();
    models.set(model, entries);
    const live = (entry: { value: Entry; until: number } | undefined): Entry | undefined =>
      entry !== undefined && entry.until > Date.now() ? entry.value : undefined;
    const findBy = (field: string, wanted: unknown): Entry | undefined =>
      live([...entries.values()].find((entry) => entry.value[field] === wanted));
    return {
      upsert: async (id: string, value: Entry, seconds?: number) => {
        entries.set(id, { value, until: seconds === undefined ? Infinity : Date.now() + seconds * 1000 });
      },
      find: async (id: string) => live(entries.get(id)),
      findByUid: async (uid: string) => findBy("uid", uid),
      findByUserCode: async (code: string) => findBy("userCode", code),
      consume: async (id: string) => {
        const entry = entries.get(id);
        if (entry !== undefined) entry.value["consumed"] = Math.floor(Date.now() / 1000);
      },
      destroy: async (id: string) => {
        entries.delete(id);
      },
      revokeByGrantId: async (grant: string) => {
        for (const [id, entry] of entries) if (entry.value["grantId"] === grant) entries.delete(id);
      },
    };
  };
  return {
    adapter,
    live: (model) =>
      [...(models.get(model)?.values() ?? [])]
        .filter((entry) => entry.until > Date.now())
        .map((entry) => entry.value),
  };
}
