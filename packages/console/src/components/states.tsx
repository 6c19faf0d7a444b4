import type { ReactNode } from "react";
import { problemOf } from "../api/problems.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icons.tsx";

function State({
  icon,
  tone,
  title,
  children,
  action,
}: {
  icon: IconName;
  tone: "neutral" | "bad";
  title: string;
  children: ReactNode;
  action?: ReactNode;
}): ReactNode {
  return (
    <div className={`state state-${tone}`}>
      <span className="state-icon">
        <Icon name={icon} size={24} />
      </span>
      <p className="state-title">{title}</p>
      <div className="state-text">{children}</div>
      {action !== undefined && <div className="row">{action}</div>}
    </div>
  );
}

/** Nothing here yet: `children` say what would appear, and when. */
export function EmptyState({
  icon = "inbox",
  title,
  children,
  action,
}: {
  icon?: IconName;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}): ReactNode {
  return (
    <State icon={icon} tone="neutral" title={title} action={action}>
      {children}
    </State>
  );
}

/** Something went wrong: what happened, what to do, and the same again. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }): ReactNode {
  const problem = problemOf(error);
  return (
    <div role="alert">
      <State
        icon="warning"
        tone="bad"
        title={problem.title}
        action={
          retry !== undefined && (
            <Button onClick={retry} icon="refresh">
              Try again
            </Button>
          )
        }
      >
        <p>{problem.text}</p>
        {problem.hint !== undefined && <p className="muted">{problem.hint}</p>}
      </State>
    </div>
  );
}

/** The page is for a role that this person has not. */
export function NoPermission({ needs }: { needs: readonly string[] }): ReactNode {
  return (
    <State icon="lock" tone="neutral" title="Your roles don't include this page">
      <p>
        It is for {needs.length === 0 ? "people with a role" : needs.map((role) => `${role}s`).join(" or ")}.
        Roles come from your groups at your identity provider; your operator can tell you which group.
      </p>
    </State>
  );
}

/** The shape of what is on its way. */
export function Skeleton({ lines = 4 }: { lines?: number }): ReactNode {
  return (
    <output className="skeleton" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="skeleton-line" aria-hidden="true" />
      ))}
    </output>
  );
}
