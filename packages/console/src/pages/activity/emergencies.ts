import type { AuditRecord } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { mayfly } from "../../api/client.ts";

/** As many of the newest emergencies are known to the page. */
const MAX_EMERGENCIES = 1000;

/** What names a record's access: its grant, or its request before there is one. */
export type Emergencies = ReadonlySet<string>;

const nothing: Emergencies = new Set();

/** The grants and requests of records that tell of an emergency. */
export function emergenciesOf(records: readonly AuditRecord[]): Emergencies {
  return new Set(
    records
      .filter(({ type }) => type === "break_glass.activated")
      .flatMap(({ grant, request }) => [grant, request].filter((id) => id !== undefined)),
  );
}

/** Whether a record belongs to access that was taken in an emergency. */
export function isEmergency({ grant, request }: AuditRecord, emergencies: Emergencies): boolean {
  return (
    (grant !== undefined && emergencies.has(grant)) || (request !== undefined && emergencies.has(request))
  );
}

/** The emergencies of the log, and those among the records on the screen, which may have come since. */
export function useEmergencies(records: readonly AuditRecord[] | undefined): Emergencies {
  const { data = nothing } = useQuery({
    queryKey: ["activity", "emergencies"],
    queryFn: async () =>
      emergenciesOf(
        (await mayfly.audit.search({ type: "break_glass.activated", limit: MAX_EMERGENCIES })).records,
      ),
  });
  const here = emergenciesOf(records ?? []);
  return here.size === 0 ? data : new Set([...data, ...here]);
}
