import type { Holder } from "../kernel/requester.ts";
import type { RecordPrincipal } from "./records.ts";

/** A principal as records name it. */
export function recordPrincipal(who: Holder & { readonly name: string }): RecordPrincipal {
  return {
    kind: who.kind,
    issuer: who.issuer,
    subject: who.subject,
    name: who.name,
    ...(who.uid === undefined ? {} : { uid: who.uid }),
    // Of whoever acts for nobody it is the subject.
    ...(who.kind === "agent" && who.client !== who.subject ? { client: who.client } : {}),
    ...(who.person?.uid === undefined ? {} : { person_uid: who.person.uid }),
    ...(who.person === undefined ? {} : { person: who.person.subject }),
    ...(who.actors.length === 0 ? {} : { actors: who.actors }),
  };
}
