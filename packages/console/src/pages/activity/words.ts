import type { AuditRecord } from "@mayfly/sdk/browser";
import type { Tone } from "../../components/badge.tsx";
import { spanText } from "../../components/duration.ts";
import type { RecordType } from "./record-kinds.ts";
import { actText, counted, numberIn, outcomeText, textIn, textsIn, type Detail } from "./act-words.ts";

/** A piece of a sentence: words of ours, or something that others wrote or named. */
export type Part = string | { readonly said: string };

/** A record in words. The sentence goes on from the principal, "support-bot" + "asked for …", or stands alone. */
export interface Words {
  readonly tone: Tone;
  readonly standsAlone: boolean;
  readonly parts: readonly Part[];
  /** What a person or an agent wrote: a reason, a comment. */
  readonly quote?: string;
  /** A statement, a request line, a command. */
  readonly code?: string;
  /** Further facts, a line each; they may hold what others wrote. */
  readonly notes: readonly string[];
}

interface Said {
  readonly tone?: Tone;
  readonly standsAlone?: boolean;
  readonly quote?: string | undefined;
  readonly code?: string | undefined;
  readonly notes?: readonly (string | undefined)[];
}

function words(
  parts: readonly Part[],
  { tone = "neutral", standsAlone = false, quote, code, notes = [] }: Said = {},
): Words {
  return {
    tone,
    standsAlone,
    parts,
    ...(quote === undefined ? {} : { quote }),
    ...(code === undefined ? {} : { code }),
    notes: notes.filter((note): note is string => note !== undefined && note !== ""),
  };
}

const said = (text: string | undefined): Part => ({ said: text ?? "?" });

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

/** What an approval allowed, where that is less than what was asked for. */
function allowedIn(detail: Detail): string | undefined {
  const allowed = detail["allowed"] ?? detail["allow"];
  if (allowed === null || typeof allowed !== "object") return undefined;
  const { operations, ttl, ttl_ms } = allowed as Detail;
  const span = spanIn({ ttl, ttl_ms });
  const names = textsIn(operations);
  const parts = [
    names.length === 0 ? undefined : names.join(", "),
    span === undefined ? undefined : `for ${span}`,
  ];
  return `allowed less: ${parts.filter((part) => part !== undefined).join(" ")}`;
}

type Teller = (record: AuditRecord, detail: Detail) => Words;

const end =
  (verb: string, tone: Tone): Teller =>
  (record, detail) =>
    words([verb, " ", ...operationsOn(record)], { tone, notes: [textIn(detail["reason"])] });

const tellers: Readonly<Record<RecordType, Teller>> = {
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
      return words(["needed nobody's approval for ", ...operationsOn(record)], { tone: "good", notes });
    }
    const by = textIn(detail["by"]) ?? textsIn(detail["by"]).join(", ");
    return words(["The request for ", ...operationsOn(record), " was approved"], {
      tone: "good",
      standsAlone: true,
      notes: [by === "" ? undefined : `by ${by}`, allowedIn(detail)],
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
    words(["The request for ", ...operationsOn(record), " timed out: nobody decided it"], {
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
    return words(
      [detail["decision"] === "refuse" ? "said no to " : "said yes to ", ...operationsOn(record)],
      {
        tone: detail["decision"] === "refuse" ? "bad" : "good",
        quote: textIn(detail["comment"]),
        notes: [of === undefined || of < 2 ? undefined : `${of} approvals are needed`, allowedIn(detail)],
      },
    );
  },
  "approval.refused_to": (record, detail) =>
    words(["tried to decide ", ...operationsOn(record), " and was not allowed to"], {
      tone: "warn",
      notes: [textIn(detail["reason"]) ?? textIn(detail["code"])],
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
      ["broke the glass for ", ...operationsOn(record), ...(span === undefined ? [] : [` for ${span}`])],
      {
        tone: "bad",
        quote: textIn(detail["reason"]),
      },
    );
  },
  "grant.collected": (record) => words(["collected the secret for ", ...operationsOn(record)]),
  "grant.released": end("gave back", "neutral"),
  "grant.expired": end("reached the deadline of", "neutral"),
  "grant.revoked": (record, detail) => {
    const by = textIn(detail["by"]);
    return words(
      ["was cut off from ", ...operationsOn(record), ...(by === undefined ? [] : [" by ", said(by)])],
      {
        tone: "bad",
        quote: textIn(detail["reason"]),
      },
    );
  },
  "session.opened": (record, detail) => {
    const software = textIn(detail["software"]);
    return words(
      [
        "connected to ",
        said(record.connection),
        ...(software === undefined ? [] : [" with ", said(software)]),
      ],
      {
        notes: [
          [textIn(detail["protocol"]), fromAddress(detail), byProof(detail["by"])]
            .filter((part) => part !== undefined)
            .join(", "),
        ],
      },
    );
  },
  "session.refused": (record, detail) =>
    words(["was not let in to ", said(record.connection)], {
      tone: "bad",
      notes: [textIn(detail["reason"]), fromAddress(detail)],
    }),
  "session.closed": (record, detail) => {
    const acts = numberIn(detail["acts"]);
    const denied = numberIn(detail["denied"]);
    return words(["disconnected from ", said(record.connection)], {
      notes: [
        [
          acts === undefined ? undefined : counted(acts, "act"),
          denied === undefined ? undefined : `${denied} denied`,
          textIn(detail["reason"]),
        ]
          .filter((part) => part !== undefined)
          .join(", "),
      ],
    });
  },
  "act.intent": (record, detail) => {
    const { code, notes } = actText(detail);
    return words(["was permitted an act on ", said(record.connection)], { tone: "good", code, notes });
  },
  "act.denied": (record, detail) => {
    const { code, notes } = actText(detail);
    return words(["was denied an act on ", said(record.connection)], {
      tone: "bad",
      code,
      notes: [...notes, textIn(detail["message"])],
    });
  },
  "act.outcome": (record, detail) => {
    const intent = numberIn(detail["intent"]);
    return words(
      [intent === undefined ? "finished an act" : `finished act #${intent}`, " on ", said(record.connection)],
      {
        tone: textIn(detail["error"]) === undefined ? "neutral" : "warn",
        notes: [outcomeText(detail)],
      },
    );
  },
  "authentication.refused": (_, detail) =>
    words(["Somebody was not let in"], {
      tone: "warn",
      standsAlone: true,
      notes: [[textIn(detail["code"]), fromAddress(detail)].filter((part) => part !== undefined).join(", ")],
    }),
  "sign_in.succeeded": (_, detail) =>
    words(["signed in"], {
      notes: [[methodOf(detail), fromAddress(detail)].filter((part) => part !== undefined).join(", ")],
    }),
  "sign_in.refused": (record, detail) =>
    words([record.principal === undefined ? "Somebody could not sign in" : "could not sign in"], {
      tone: "warn",
      standsAlone: record.principal === undefined,
      notes: [
        textIn(detail["reason"]) ?? textIn(detail["code"]),
        [methodOf(detail), fromAddress(detail)].filter((part) => part !== undefined).join(", "),
      ],
    }),
  sign_out: (_, detail) =>
    words(["signed out"], { notes: [textIn(detail["reason"]) ?? textIn(detail["by"])] }),
  "lockdown.started": (_, detail) =>
    words(["locked everything down"], { tone: "bad", quote: textIn(detail["reason"]) }),
  "lockdown.lifted": () => words(["lifted the lock-down"], { tone: "warn" }),
  "configuration.loaded": (_, detail) =>
    words(["loaded the configuration ", said(textIn(detail["file"]))], { notes: textsIn(detail["changes"]) }),
  "configuration.refused": (_, detail) =>
    words(["refused the configuration ", said(textIn(detail["file"])), " and kept the one before"], {
      tone: "warn",
      notes: [textIn(detail["why"])],
    }),
  "log.opened": (_, detail) => {
    const held = numberIn(detail["records"]);
    return words(["opened the log"], {
      notes: [held === undefined ? undefined : `it held ${counted(held, "record")}`],
    });
  },
  "log.closed": () => words(["closed the log"]),
  "log.recovered": (_, detail) => {
    const bytes = numberIn(detail["bytes"]);
    return words(["cut an unfinished line off the log"], {
      tone: "warn",
      notes: [
        [textIn(detail["file"]), bytes === undefined ? undefined : counted(bytes, "byte")]
          .filter((part) => part !== undefined)
          .join(", "),
      ],
    });
  },
  "log.key_rotated": (_, detail) =>
    words(["changed the key that signs the log"], { tone: "warn", notes: [textIn(detail["key"])] }),
};

function fromAddress(detail: Detail): string | undefined {
  const address = textIn(detail["address"]);
  return address === undefined ? undefined : `from ${address}`;
}

function methodOf(detail: Detail): string | undefined {
  const method = textIn(detail["method"]);
  return method === undefined ? undefined : `by ${method.toUpperCase()}`;
}

function byProof(by: unknown): string | undefined {
  if (by === "grant-secret") return "by the grant's secret";
  return by === "token" ? "by access token" : textIn(by);
}

/** A record in words. A type that is not known here is named as it is. */
export function wordsOf(record: AuditRecord): Words {
  const teller: Teller | undefined = tellers[record.type];
  return teller === undefined ? words([said(record.type)]) : teller(record, record.detail);
}
