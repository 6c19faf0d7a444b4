import { parseCheckpoint, parseVerifierKey, verifyCheckpoint } from "@mayfly/audit-verifier/browser";
import { type FormEvent, type ReactNode, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { TextArea } from "../../components/field.tsx";
import { compareWith } from "./look.ts";
import { browserStore, readNoted } from "./noted.ts";
import type { Grown } from "./prove.ts";
import { askProofs } from "./use-integrity.ts";

/** Compares the log with a checkpoint that the gateway cannot reach. */
export function CompareCard({ keyText }: { keyText: string }): ReactNode {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [found, setFound] = useState<{ readonly size: number; readonly grown: Grown }>();
  const compare = async (): Promise<void> => {
    const kept = parseCheckpoint(asNote(text));
    const earlier = readNoted(browserStore())?.earlier ?? [];
    await verifyCheckpoint(kept, await Promise.all([keyText, ...earlier].map(parseVerifierKey)));
    setFound({ size: kept.size, grown: await compareWith(askProofs, kept, keyText) });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setBusy(true);
    setFound(undefined);
    setError(undefined);
    compare()
      .catch((problem: unknown) => setError(problem instanceof Error ? problem.message : String(problem)))
      .finally(() => setBusy(false));
  };
  return (
    <Card title="Compare with a checkpoint kept elsewhere">
      <form className="stack-s" onSubmit={submit}>
        <TextArea
          label="The checkpoint"
          hint="The whole signed note, as in checkpoints.txt. Only one that the gateway cannot reach shows that the log was not put back or rewritten."
          spellCheck={false}
          rows={5}
          maxLength={4000}
          value={text}
          error={error}
          onChange={({ target }) => setText(target.value)}
        />
        <div className="row">
          <Button type="submit" busy={busy} disabled={text.trim() === ""}>
            Compare
          </Button>
        </div>
        {found !== undefined && <Result size={found.size} grown={found.grown} />}
      </form>
    </Card>
  );
}

/** A note as it was copied: lines end in a line feed, and nothing stands around it. */
function asNote(text: string): string {
  return `${text.replaceAll("\r\n", "\n").trim()}\n`;
}

function Result({ size, grown }: { size: number; grown: Grown }): ReactNode {
  const [tone, words] = wordsOf(size, grown);
  return (
    <p className={`integrity-result integrity-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {words}
    </p>
  );
}

function wordsOf(size: number, grown: Grown): readonly ["good" | "warn" | "bad", string] {
  const count = size.toLocaleString("en");
  switch (grown.state) {
    case "same":
      return ["good", `The log is exactly that one: ${count} records, the same root.`];
    case "grew":
      return [
        "good",
        `The log only grew: its first ${count} records are those of your checkpoint, and ${grown.records.toLocaleString("en")} came after.`,
      ];
    case "shrank":
      return ["bad", `The log holds fewer than the ${count} records of your checkpoint: records are gone.`];
    case "forked":
      return [
        "bad",
        `The log does not contain the ${count} records of your checkpoint: its past was rewritten.`,
      ];
    case "unproven":
      return ["warn", `Nothing is proven: ${grown.why}. Try again.`];
  }
}
