import { base64 } from "@mayfly/audit-verifier/browser";
import type { ReactNode } from "react";
import { Card } from "../../components/card.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { Facts } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import type { Checked } from "./prove.ts";

/** The log's last checkpoint: whose, how large, its root, and up to when. */
export function CheckpointCard({ checked }: { checked: Checked }): ReactNode {
  const head = checked.state === "checked" ? checked.head : checked.claimed;
  if (head === undefined) {
    return (
      <Card title="Last checkpoint" tone="bad">
        <p>What the gateway gave is no checkpoint.</p>
      </Card>
    );
  }
  const root = base64(head.root);
  return (
    <Card title="Last checkpoint" {...(checked.state === "unsigned" ? { tone: "bad" as const } : {})}>
      <Facts
        facts={[
          ["Log", <Untrusted key="log" text={head.origin} />],
          [
            "Records",
            <span key="size" className="numeric">
              {head.size.toLocaleString()}
            </span>,
          ],
          ["Up to", upTo(checked)],
          [
            "Root",
            <span key="root" className="integrity-root">
              <code>{root}</code>
              <CopyButton text={root} label="Copy the root" />
            </span>,
          ],
          [
            "Signature",
            checked.state === "checked" ? "verified" : <strong key="signature">does not verify</strong>,
          ],
          [
            "Keep it",
            checked.state === "checked" ? (
              <span key="keep" className="integrity-root">
                <span>Copy the whole checkpoint to where the gateway cannot reach.</span>
                <CopyButton text={checked.checkpoint} label="Copy the whole checkpoint" />
              </span>
            ) : undefined,
          ],
        ]}
      />
    </Card>
  );
}

/** A checkpoint holds no time; its last record, proven, does. */
function upTo(checked: Checked): ReactNode {
  if (checked.state !== "checked") return undefined;
  const newest = checked.entries.find(
    ({ seq, state }) => seq === checked.head.size - 1 && state === "proven",
  );
  if (newest === undefined) return undefined;
  const time = timeIn(newest.line);
  if (time === undefined) return undefined;
  return (
    <>
      record {newest.seq}, <Time at={time} as="exact" />
    </>
  );
}

function timeIn(line: string): string | undefined {
  const { time } = JSON.parse(line) as { readonly time?: unknown };
  return typeof time === "string" && !Number.isNaN(Date.parse(time)) ? time : undefined;
}
