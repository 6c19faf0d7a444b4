import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, type RefObject, useEffect } from "react";
import { requestQuery } from "../../api/queries.ts";
import { RiskBadge, StateBadge } from "../../components/badge.tsx";
import { KeyHint } from "../../components/key-hint.tsx";
import { ErrorState, Skeleton } from "../../components/states.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { Decide } from "../request/decide.tsx";
import { Sheet } from "../request/sheet.tsx";
import { highestRisk, shortOperation } from "../request/words.ts";

/** The selected request beside the list: all that a decision is bound to, and the decision. */
export function Detail({
  id,
  listed,
  onDecided,
  finalFocus,
}: {
  id: string;
  /** The list beside it shows the request too. */
  listed: boolean;
  onDecided: () => void;
  /** Where the keyboard goes on after a dialog. */
  finalFocus: RefObject<HTMLElement | null>;
}): ReactNode {
  const { data, error, refetch } = useQuery(requestQuery(id));
  // The request's own page is one key away.
  useEffect(() => void import("../request/index.tsx"), []);
  if (data === undefined)
    return error === null ? (
      <Skeleton lines={9} />
    ) : (
      <ErrorState error={error} retry={() => void refetch()} />
    );
  return (
    <div className="inbox-detail">
      <header className="inbox-detail-head">
        <div>
          <h2>
            <Untrusted text={data.requester.name} />
            <span className="muted">
              {" "}
              asks for <Untrusted
                text={data.operations.map(({ name }) => shortOperation(name)).join(", ")}
              />{" "}
              on <Untrusted text={data.connection} />
            </span>
          </h2>
        </div>
        <span className="row">
          {data.state !== "pending" && <StateBadge state={data.state} />}
          <RiskBadge risk={highestRisk(data.operations)} />
          <Link to="/requests/$id" params={{ id }} className="button button-secondary button-size-s">
            Open <KeyHint keys="Enter" />
          </Link>
        </span>
      </header>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <section className="inbox-detail-body" aria-label="What was asked" tabIndex={0}>
        <Sheet request={data} />
      </section>
      <footer className="inbox-detail-foot">
        <Decide key={data.id} request={data} listed={listed} onDecided={onDecided} finalFocus={finalFocus} />
      </footer>
    </div>
  );
}
