import { parseVerifierKey } from "@mayfly/audit-verifier/browser";
import { type FormEvent, type ReactNode, useState } from "react";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { TextField } from "../../components/field.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import type { Look } from "./look.ts";
import { browserStore, forgetNoted, readNoted, writeNoted } from "./noted.ts";
import { keyDiffers } from "./verdict.ts";

/** The key that counts: where it came from, and how to note another. */
export function KeyCard({ look, again }: { look: Look; again: () => void }): ReactNode {
  const { noted, gatewayKey, remembered, checked } = look;
  const differs = keyDiffers(look);
  const key = checked.state === "checked" ? checked.key : (noted?.key ?? gatewayKey);
  return (
    <Card title="The key" {...(differs ? { tone: "bad" as const } : {})}>
      <div className="stack">
        <div className="stack-s">
          <div className="row">
            {noted?.from === "pasted" ? (
              <Badge tone="good">noted by you</Badge>
            ) : (
              <Badge tone="warn">the gateway's own word</Badge>
            )}
            {noted !== undefined && (
              <span className="muted">
                noted <Time at={noted.at} />
              </span>
            )}
          </div>
          <Key text={key} />
        </div>
        {differs && (
          <div className="stack-s integrity-differs">
            <strong>The gateway now gives another key:</strong>
            <Key text={gatewayKey} />
            <p>
              A key that was changed in good order is signed for by the one before, and this page follows it.
              This one is not: paste it only when you know it from elsewhere.
            </p>
          </div>
        )}
        {!remembered && (
          <p className="muted">
            This browser keeps nothing, so the next visit cannot tell whether key or log changed.
          </p>
        )}
        <NoteForm noted={noted?.key} again={again} />
      </div>
    </Card>
  );
}

function Key({ text }: { text: string }): ReactNode {
  return (
    <span className="integrity-root">
      <code>
        <Untrusted text={text} />
      </code>
      <CopyButton text={text} label="Copy the key" />
    </span>
  );
}

function NoteForm({ noted, again }: { noted: string | undefined; again: () => void }): ReactNode {
  const [text, setText] = useState("");
  const [error, setError] = useState<string>();
  const note = async (): Promise<void> => {
    const key = await parseVerifierKey(text);
    const before = readNoted(browserStore());
    // The head of another log is no measure for this one.
    const head = before !== undefined && nameOf(before.key) === key.name ? before.head : undefined;
    const at = new Date().toISOString();
    const kept = writeNoted(browserStore(), {
      key: key.text,
      from: "pasted",
      at,
      ...(head === undefined ? {} : { head }),
    });
    if (!kept) throw new Error("this browser keeps nothing: allow this site to store data");
    setText("");
    setError(undefined);
    toast("The key is noted in this browser");
    again();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    note().catch((problem: unknown) =>
      setError(problem instanceof Error ? problem.message : String(problem)),
    );
  };
  return (
    <form className="stack-s" onSubmit={submit}>
      <TextField
        label="The key as you have it from elsewhere"
        hint="A line such as mayfly.internal+1f2e3d4c+AbCd…: from log.vkey, or as noted at the first start."
        autoComplete="off"
        spellCheck={false}
        maxLength={400}
        value={text}
        error={error}
        onChange={({ target }) => {
          setText(target.value);
          setError(undefined);
        }}
      />
      <div className="row">
        <Button type="submit" disabled={text.trim() === ""}>
          Note this key
        </Button>
        {noted !== undefined && (
          <Button
            variant="ghost"
            onClick={() => {
              forgetNoted(browserStore());
              toast("Forgotten: the next check is a first use", "info");
              again();
            }}
          >
            Forget what is noted
          </Button>
        )}
      </div>
    </form>
  );
}

function nameOf(key: string): string {
  return key.slice(0, key.indexOf("+"));
}
