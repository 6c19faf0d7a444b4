import { counted, numberIn, textIn, textsIn, type Detail } from "./act-words.ts";
import { fromAddress, said, together, words, type Teller } from "./phrase.ts";
import type { RecordType } from "./record-kinds.ts";

type Told = Extract<
  RecordType,
  | `authentication.${string}`
  | `sign_in.${string}`
  | "sign_out"
  | `lockdown.${string}`
  | `configuration.${string}`
  | `log.${string}`
  | `store.${string}`
>;

/** Sign-in, lock-down, the configuration and the log itself in words. */
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
  "log.replaced": (_, detail) =>
    words(["began without the log that the store knew"], {
      tone: "bad",
      quote: textIn(detail["reason"]),
      notes: [textIn(detail["by"])],
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

function methodOf(detail: Detail): string | undefined {
  const method = textIn(detail["method"]);
  return method === undefined ? undefined : `by ${method.toUpperCase()}`;
}
