import { NoEd25519 } from "@mayfly/audit-verifier/browser";
import "../activity/timeline.css";
import "./style.css";
import type { ReactNode } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { isBadKey } from "./bad-key.ts";
import { CheckpointCard } from "./checkpoint-card.tsx";
import { CompareCard } from "./compare-card.tsx";
import { Entries } from "./entries.tsx";
import { KeyCard } from "./key-card.tsx";
import { browserStore, forgetNoted, readNoted } from "./noted.ts";
import { type Integrity, isUnprovable, useIntegrity } from "./use-integrity.ts";
import { unprovable, verdictOf } from "./verdict.ts";
import { VerdictCard } from "./verdict-card.tsx";

/** The log, verified by the reader's own browser. */
export function IntegrityPage(): ReactNode {
  const integrity = useIntegrity();
  return (
    <Page
      title="Integrity"
      description="The audit log, verified here by your own browser: its signed head, and the records it shows."
      actions={
        <Button icon="refresh" busy={integrity.busy} onClick={integrity.again}>
          Check again
        </Button>
      }
    >
      {canCheck() ? <Checked integrity={integrity} /> : <CannotCheck />}
    </Page>
  );
}

/** WebCrypto is there for pages over HTTPS alone. */
function canCheck(): boolean {
  return (globalThis.crypto as Crypto | undefined)?.subtle !== undefined;
}

function Checked({ integrity }: { integrity: Integrity }): ReactNode {
  const { look, error, again } = integrity;
  // What was proven before proves nothing now: after an error nothing of it is shown.
  if (isUnprovable(error)) return <VerdictCard verdict={unprovable(error.message)} />;
  if (error instanceof NoEd25519) return <CannotCheck />;
  if (error !== null && (look === undefined || integrity.isOver))
    return <Failed error={error} again={again} />;
  if (look === undefined) {
    return (
      <Card flush>
        <Skeleton lines={9} />
      </Card>
    );
  }
  return (
    <>
      <VerdictCard verdict={verdictOf(look)} />
      <div className="integrity-columns">
        <CheckpointCard checked={look.checked} />
        <KeyCard look={look} again={again} />
      </div>
      <Entries integrity={integrity} />
      <CompareCard keyText={look.noted?.key ?? look.gatewayKey} />
    </>
  );
}

function Failed({ error, again }: { error: unknown; again: () => void }): ReactNode {
  const noted = readNoted(browserStore());
  return (
    <Card flush>
      <ErrorState error={error} retry={again} />
      {noted !== undefined && isBadKey(error) && (
        <div className="integrity-older">
          <Button
            onClick={() => {
              forgetNoted(browserStore());
              again();
            }}
          >
            Forget what is noted
          </Button>
        </div>
      )}
    </Card>
  );
}

function CannotCheck(): ReactNode {
  return (
    <Card flush>
      <EmptyState icon="warning" title="This browser cannot verify the log">
        <p>
          It has no Ed25519 signatures, or this page did not come over HTTPS. Nothing is said about the log.
        </p>
        <p>Use a newer browser, or run mayfly audit verify on a machine of yours.</p>
      </EmptyState>
    </Card>
  );
}
