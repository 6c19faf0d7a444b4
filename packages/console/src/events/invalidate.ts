/** A key of something asked from the gateway, or the beginning of one. */
export type QueryKey = readonly unknown[];

/** What of a record decides which answers are out of date. */
export interface EventRecord {
  readonly type: string;
  readonly request?: string;
}

/** Which answers a record puts out of date. Pure: the table from record types to query keys. */
export function staleKeys(record: EventRecord): readonly QueryKey[] {
  const keys: QueryKey[] = [["records"]];
  const [family = ""] = record.type.split(".");
  switch (family) {
    case "request":
    case "approval":
      keys.push(["inbox"], ["overview"]);
      break;
    case "break_glass":
      keys.push(["emergencies"], ["inbox"], ["overview"]);
      break;
    case "grant":
      keys.push(["live"], ["connections"], ["overview"], ["emergencies"]);
      break;
    case "session":
    case "act":
      keys.push(["live"]);
      // Acts come all the time: the overview looks at them every half minute.
      if (family === "session") keys.push(["overview"]);
      break;
    case "lockdown":
      keys.push(["lockdown"], ["live"], ["inbox"], ["overview"]);
      break;
    case "configuration":
      keys.push(["reach"], ["connections"], ["inbox"], ["request"], ["emergencies"]);
      break;
    case "sign_in":
    case "sign_out":
      keys.push(["sessions"]);
      break;
    default:
  }
  if (record.request !== undefined && family !== "act") keys.push(["request", record.request]);
  return keys;
}

/** The keys of many records, each once. */
export function staleKeysOf(records: readonly EventRecord[]): readonly QueryKey[] {
  const seen = new Map<string, QueryKey>();
  for (const record of records) for (const key of staleKeys(record)) seen.set(JSON.stringify(key), key);
  return [...seen.values()];
}
