import { counted, numberIn, textIn, textsIn, type Detail } from "./read-detail.ts";
import { fromAddress, said, together, words, type Teller } from "./phrase.ts";
import type { RecordType } from "./record-kinds.ts";

type Told = Extract<
  RecordType,
  | `authentication.${string}`
  | `sign_in.${string}`
  | "sign_out"
  | `signal.${string}`
  | `lockdown.${string}`
  | `probe.${string}`
  | `path.${string}`
  | `configuration.${string}`
  | `log.${string}`
  | `store.${string}`
>;

const heldWhenLost = (records: number | undefined): string | undefined =>
  records === undefined ? undefined : `${counted(records, "record")} when it was last heard of`;

/** Sign-in, lock-down, probes, the configuration and the log itself in words. */
export const gatewayTellers: Readonly<Record<Told, Teller>> = {
  "authentication.refused": (_, detail) =>
    words(["Somebody was not let in"], {
      tone: "warn",
      standsAlone: true,
      notes: [together(textIn(detail["code"]), fromAddress(detail))],
    }),
  "sign_in.succeeded": (_, detail) =>
    words(["signed in"], {
      notes: [together(methodOf(detail), fromAddress(detail))],
    }),
  "sign_in.refused": (record, detail) =>
    words([record.principal === undefined ? "Somebody could not sign in" : "could not sign in"], {
      tone: "warn",
      standsAlone: record.principal === undefined,
      notes: [
        textIn(detail["why"]) ?? textIn(detail["code"]),
        together(methodOf(detail), fromAddress(detail)),
      ],
    }),
  sign_out: (_, detail) =>
    words(["signed out"], { notes: [textIn(detail["reason"]) ?? textIn(detail["by"])] }),
  "signal.received": (_, detail) =>
    words(["The identity provider said ", said(textIn(detail["event"])), signalSubject(detail)], {
      tone: textIn(detail["effect"]) === "end" ? "warn" : "neutral",
      standsAlone: true,
      notes: [
        together(textIn(detail["channel"])?.replaceAll("_", " "), signalReach(detail)),
        textIn(detail["published"]),
      ],
    }),
  "signal.refused": (_, detail) =>
    words(["A signal was refused"], {
      tone: "warn",
      standsAlone: true,
      notes: [
        textIn(detail["why"]),
        together(textIn(detail["channel"])?.replaceAll("_", " "), fromAddress(detail)),
      ],
    }),
  "lockdown.started": (_, detail) =>
    words(["locked everything down"], { tone: "bad", quote: textIn(detail["reason"]) }),
  "lockdown.lifted": () => words(["lifted the lock-down"], { tone: "warn" }),
  "probe.offered": (_, detail) =>
    words(["offered a probe of ", said(textsIn(detail["connections"]).join(", "))], {
      notes: [textIn(detail["probe"])],
    }),
  "probe.started": (_, detail) =>
    words(["was told the addresses of ", said(textsIn(detail["connections"]).join(", "))], {
      notes: [together(textIn(detail["probe"]), fromAddress(detail))],
    }),
  "probe.refused": (_, detail) =>
    words(["sent a probe's token or report that was refused"], {
      tone: "warn",
      notes: [together(textIn(detail["reason"])?.replaceAll("_", " "), fromAddress(detail))],
    }),
  "path.probed": (_, detail) => {
    const verdict = textIn(detail["verdict"]) ?? "undecided";
    return words(["probed the ways around the gateway at ", said(textIn(detail["host"])), `: ${verdict}`], {
      tone: verdict === "closed" ? "good" : verdict === "open" ? "bad" : "warn",
      notes: [together(textIn(detail["probe"]), fromAddress(detail)), ...waysIn(detail)],
    });
  },
  "configuration.loaded": (_, detail) =>
    words(["loaded the configuration ", said(textIn(detail["file"]))], { notes: textsIn(detail["changes"]) }),
  "configuration.refused": (_, detail) =>
    words(["refused the configuration ", said(textIn(detail["file"])), " and kept the one before"], {
      tone: "warn",
      // One text, lines and all, before 0.2.0.
      notes: [textIn(detail["why"]), ...textsIn(detail["why"])],
    }),
  "log.opened": (_, detail) => {
    const held = numberIn(detail["records"]);
    return words(["opened the log"], {
      notes: [held === undefined ? undefined : `it held ${counted(held, "record")}`],
    });
  },
  "log.replaced": (_, detail) =>
    words(["began without the log that the store knew"], {
      tone: "bad",
      quote: textIn(detail["reason"]),
      notes: [textIn(detail["by"])],
    }),
  "log.segment_dropped": (_, detail) => {
    const held = numberIn(detail["count"]);
    return words([`archived and dropped ${held === undefined ? "records" : counted(held, "record")}`], {
      notes: [textIn(detail["to"]) === undefined ? undefined : `up to ${textIn(detail["to"])}`],
    });
  },
  "log.hold_placed": (_, detail) =>
    words(["placed a legal hold"], { quote: textIn(detail["reason"]), notes: [textIn(detail["hold"])] }),
  "log.hold_lifted": (_, detail) =>
    words(["lifted a legal hold"], { quote: textIn(detail["reason"]), notes: [textIn(detail["hold"])] }),
  "log.listed": (_, detail) => {
    const { logs } = detail;
    const names = (Array.isArray(logs) ? logs : []).map((key) => String(key).split("+")[0]);
    return words(["noted the logs that share its store"], { notes: [names.join(", ")] });
  },
  "log.retired": (_, detail) =>
    words(["retired the log ", said(textIn(detail["name"]))], {
      tone: "bad",
      quote: textIn(detail["reason"]),
      notes: [heldWhenLost(numberIn(detail["records"]))],
    }),
  "log.returned": (_, detail) =>
    words(["took back that the log ", said(textIn(detail["name"])), " was retired: it is written again"], {
      tone: "warn",
    }),
  "log.closed": () => words(["closed the log"]),
  "log.recovered": (_, detail) => {
    const bytes = numberIn(detail["bytes"]);
    return words(["cut an unfinished line off the log"], {
      tone: "warn",
      notes: [together(textIn(detail["file"]), bytes === undefined ? undefined : counted(bytes, "byte"))],
    });
  },
  "log.key_rotated": (_, detail) =>
    words(["changed the key that signs the log"], { tone: "warn", notes: [textIn(detail["key"])] }),
  "store.reconciled": (_, detail) =>
    words(["brought the store and the log to agreement"], {
      tone: "warn",
      notes: Object.keys(detail).map((what) => what.replaceAll("_", " ")),
    }),
};

/** What stands open at a host that was probed, and what lies there. */
function waysIn(detail: Detail): readonly (string | undefined)[] {
  const found = detail["found"];
  const { open } = typeof found === "object" && found !== null ? (found as Detail) : {};
  const ways = (Array.isArray(open) ? open : []).map((way: unknown) => {
    const { by, to, connection } = typeof way === "object" && way !== null ? (way as Detail) : {};
    return `open: ${together(textIn(connection), textIn(by), textIn(to))}`;
  });
  const [count, lying] = [numberIn(detail["open"]) ?? 0, numberIn(detail["credentials"]) ?? 0];
  return [
    ...ways,
    // Of very many the log keeps the list beside the record.
    count > ways.length ? `${counted(count, "way")} open` : undefined,
    lying === 0 ? undefined : counted(lying, "standing credential"),
  ];
}

function methodOf(detail: Detail): string | undefined {
  const method = textIn(detail["method"]);
  return method === undefined ? undefined : `by ${method.toUpperCase()}`;
}

/** Whom a signal is about. */
function signalSubject(detail: Detail): string {
  const { subject } = detail;
  if (typeof subject !== "object" || subject === null) return "";
  const named = ["login", "uid", "client", "name", "id"]
    .map((member) => textIn((subject as Detail)[member]))
    .find((text) => text !== undefined);
  return named === undefined ? "" : ` of ${named}`;
}

/** What a signal was found to reach. */
function signalReach(detail: Detail): string | undefined {
  const of = (member: string, one: string): string | undefined => {
    const all = textsIn(detail[member]);
    return all.length === 0 ? undefined : counted(all.length, one);
  };
  return together(of("grants", "grant"), of("requests", "request"), of("sessions", "browser session"));
}
