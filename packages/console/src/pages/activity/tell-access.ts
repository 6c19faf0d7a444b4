import type { AuditRecord } from "@mayfly/sdk/browser";
import type { Tone } from "../../components/badge.tsx";
import { spanText } from "../../components/duration.ts";
import { numberIn, objectIn, textIn, textsIn, type Detail } from "./read-detail.ts";
import { said, words, type Part, type Teller } from "./phrase.ts";
import type { RecordType } from "./record-kinds.ts";

/** "orders-db/read-orders", each once, however the record names them. */
function operationsOn(record: AuditRecord): Part[] {
  const { connection, operations } = record;
  const names = (operations ?? []).map((name) => name.slice(name.lastIndexOf("/") + 1));
  if (names.length === 0) return connection === undefined ? ["something"] : [said(connection)];
  const list = names.flatMap((name, at): Part[] => (at === 0 ? [said(name)] : [", ", said(name)]));
  return connection === undefined ? list : [...list, " on ", said(connection)];
}

/** A length of time of a record: milliseconds, or as text where an older record has only that. */
function spanIn(detail: Detail): string | undefined {
  const ms = numberIn(detail["ttl_ms"]);
  return ms === undefined ? textIn(detail["ttl"]) : spanText(ms / 1000);
}

/** What was allowed, as reviewers may allow less than was asked for. */
function allowedIn(detail: Detail): string | undefined {
  const allowed = objectIn(detail["allowed"]);
  const span = spanIn(allowed);
  const names = textsIn(allowed["operations"]);
  if (names.length === 0 && span === undefined) return undefined;
  return [names.join(", "), span === undefined ? "" : `for ${span}`].filter((part) => part !== "").join(" ");
}

function labelled(label: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${label}: ${text}`;
}

const end =
  (verb: string, tone: Tone): Teller =>
  (record, detail) =>
    words([verb, " ", ...operationsOn(record)], { tone, notes: [textIn(detail["reason"])] });

type Told = Extract<
  RecordType,
  `request.${string}` | `approval.${string}` | `grant.${string}` | `lease.${string}` | `break_glass.${string}`
>;

/** What a person was not allowed to do. */
function tried(what: unknown): string {
  if (what === "review") return "tried to review the emergency access to ";
  return what === "refuse" ? "tried to refuse " : "tried to approve ";
}

/** Requests, approvals and grants in words. */
export const accessTellers: Readonly<Record<Told, Teller>> = {
  "request.created": (record, detail) => {
    const span = spanIn(detail);
    return words(["asked for ", ...operationsOn(record), ...(span === undefined ? [] : [` for ${span}`])], {
      tone: "info",
      quote: textIn(detail["reason"]),
      notes: textsIn(detail["reasons"]),
    });
  },
  "request.denied": (record, detail) =>
    words(["was denied ", ...operationsOn(record)], {
      tone: "bad",
      quote: textIn(detail["reason"]),
      notes: textsIn(detail["reasons"]),
    }),
  "request.approved": (record, detail) => {
    if (detail["by"] === "policy") {
      const notes = textsIn(detail["reasons"]);
      return words(["was approved automatically for ", ...operationsOn(record)], { tone: "good", notes });
    }
    const by = textIn(detail["by"]) ?? textsIn(detail["by"]).join(", ");
    return words(["The request for ", ...operationsOn(record), " was approved"], {
      tone: "good",
      standsAlone: true,
      notes: [by === "" ? undefined : `by ${by}`, labelled("allowed", allowedIn(detail))],
    });
  },
  "request.refused": (record, detail) =>
    words(["refused ", ...operationsOn(record)], {
      tone: "bad",
      quote: textIn(detail["comment"]),
      notes: [textIn(detail["reason"])],
    }),
  "request.withdrawn": (record, detail) =>
    words(["withdrew the request for ", ...operationsOn(record)], { notes: [textIn(detail["reason"])] }),
  "request.timed_out": (record) =>
    words(["The request for ", ...operationsOn(record), " timed out: nobody decided"], {
      tone: "warn",
      standsAlone: true,
    }),
  "request.escalated": (record, detail) => {
    const to = textsIn(detail["to"]).join(", ");
    return words(
      [
        "The request for ",
        ...operationsOn(record),
        " was escalated",
        ...(to === "" ? [] : [" to ", said(to)]),
      ],
      { tone: "warn", standsAlone: true },
    );
  },
  "approval.given": (record, detail) => {
    const of = numberIn(detail["of"]);
    const given = numberIn(detail["given"]);
    return words([detail["decision"] === "refuse" ? "refused " : "approved ", ...operationsOn(record)], {
      tone: detail["decision"] === "refuse" ? "bad" : "good",
      quote: textIn(detail["comment"]),
      notes: [
        of === undefined || of < 2 ? undefined : `${given === undefined ? "one" : given} of ${of} approvals`,
        labelled("allowed less", allowedIn(detail)),
      ],
    });
  },
  "approval.refused_to": (record, detail) =>
    words([tried(detail["tried"]), ...operationsOn(record), " and was not allowed to"], {
      tone: "warn",
      notes: [textIn(detail["why"])],
    }),
  "lease.refused_to": (record, detail) =>
    words(["tried to renew the lease of somebody else's grant for ", ...operationsOn(record)], {
      tone: "warn",
      notes: [labelled("held by", textIn(detail["holder"]))],
    }),
  "grant.activated": (record, detail) => {
    const span = spanIn(detail);
    return words(["got ", ...operationsOn(record), ...(span === undefined ? [] : [` for ${span}`])], {
      tone: "good",
    });
  },
  "break_glass.activated": (record, detail) => {
    const span = spanIn(detail);
    return words(
      ["used emergency access to ", ...operationsOn(record), ...(span === undefined ? [] : [` for ${span}`])],
      {
        tone: "bad",
        quote: textIn(detail["reason"]),
      },
    );
  },
  "break_glass.reviewed": (record, detail) =>
    words(["reviewed the emergency access to ", ...operationsOn(record)], { quote: textIn(detail["note"]) }),
  "grant.collected": (record) => words(["collected the secret for ", ...operationsOn(record)]),
  "grant.released": end("gave back", "neutral"),
  "grant.expired": end("reached the deadline of", "neutral"),
  "grant.revoked": (record, detail) => {
    const by = textIn(detail["by"]);
    return words(
      ["was cut off from ", ...operationsOn(record), ...(by === undefined ? [] : [" by ", said(by)])],
      {
        tone: "bad",
        notes: [textIn(detail["reason"])],
      },
    );
  },
};
