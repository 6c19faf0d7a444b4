/** What of an agent's name stands beside its subject in the page's address. */
export interface AgentSearch {
  readonly issuer: string;
  readonly client?: string;
  readonly kind?: "person";
}

const MAX_NAME_CHARACTERS = 500;

const nameIn = (value: unknown): string | undefined => {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text !== "" && text.length <= MAX_NAME_CHARACTERS ? text : undefined;
};

/** Reads the page's address. */
export function readSearch(search: Readonly<Record<string, unknown>>): AgentSearch {
  const client = nameIn(search["client"]);
  return {
    issuer: nameIn(search["issuer"]) ?? "",
    ...(client === undefined ? {} : { client }),
    ...(search["kind"] === "person" ? { kind: "person" } : {}),
  };
}
