import { actText, outcomeText } from "./act-words.ts";
import { counted, numberIn, objectIn, textIn } from "./read-detail.ts";
import { fromAddress, said, together, words, type Teller } from "./phrase.ts";
import type { RecordType } from "./record-kinds.ts";

type Told = Extract<RecordType, `session.${string}` | `act.${string}`>;

/** Sessions and acts in words. */
export const sessionTellers: Readonly<Record<Told, Teller>> = {
  "session.opened": (record, detail) => {
    const software = textIn(detail["software"]);
    return words(
      [
        "connected to ",
        said(record.connection),
        ...(software === undefined ? [] : [" with ", said(software)]),
      ],
      {
        notes: [together(textIn(detail["protocol"]), fromAddress(detail), byProof(detail["by"]))],
      },
    );
  },
  "session.refused": (record, detail) =>
    words(
      [
        record.principal === undefined ? "Somebody was not let in to " : "was not let in to ",
        said(record.connection),
      ],
      {
        tone: "bad",
        notes: [textIn(detail["reason"]), fromAddress(detail)],
      },
    ),
  "session.closed": (record, detail) => {
    const acts = numberIn(detail["acts"]);
    const denied = numberIn(detail["denied"]);
    const running = numberIn(objectIn(detail["still_running"])["process"]);
    return words(["disconnected from ", said(record.connection)], {
      ...(running === undefined ? {} : { tone: "bad" }),
      notes: [
        together(
          acts === undefined ? undefined : counted(acts, "act"),
          denied === undefined ? undefined : `${denied} denied`,
          running === undefined ? undefined : `still running on the target in process ${running}`,
          textIn(detail["reason"]),
        ),
      ],
    });
  },
  "session.ended_upstream": (record, detail) =>
    words(["ended what was left running on ", said(record.connection)], {
      tone: "warn",
      notes: [
        together(
          textIn(detail["reason"]),
          textIn(detail["what"]),
          detail["confirmed"] === true ? undefined : "not seen to be gone yet",
        ),
      ],
    }),
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
};

function byProof(by: unknown): string | undefined {
  if (by === "grant-secret") return "by the grant's secret";
  return by === "token" ? "by access token" : textIn(by);
}
