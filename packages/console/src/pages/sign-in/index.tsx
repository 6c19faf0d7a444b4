import "./style.css";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { mayfly } from "../../api/client.ts";
import { Icon } from "../../components/icons.tsx";
import { Banner } from "../../components/page.tsx";
import { ErrorState, Skeleton } from "../../components/states.tsx";
import { Brand } from "../../shell/brand.tsx";
import { signInProblem } from "./problem-words.ts";
import { withReturn } from "./return.ts";

function Methods({ back }: { back: string }): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ["sign-in"],
    queryFn: () => mayfly.signInMethods(),
  });
  if (data === undefined)
    return error === null ? (
      <Skeleton lines={2} />
    ) : (
      <ErrorState error={error} retry={() => void refetch()} />
    );
  if (data.length === 0) {
    return (
      <p className="muted">
        Browser sign-in is not set up yet: an operator has to configure <code>identity.people.oidc</code> or{" "}
        <code>identity.people.saml</code>. The <code>mayfly</code> command works without it.
      </p>
    );
  }
  return (
    <ul className="sign-in-methods">
      {data.map((method, index) => (
        <li key={method.url}>
          <a
            className={`button ${index === 0 ? "button-primary" : "button-secondary"} sign-in-method`}
            href={withReturn(method.url, back)}
          >
            Sign in with {method.label}
            <Icon name="chevron" size={16} />
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Where everybody comes who is not signed in: the ways to, and why the last one did not work. */
export function SignInPage(): ReactNode {
  const { problem, return: back = "/" } = useSearch({ from: "/sign-in" });
  useEffect(() => {
    document.title = "Sign in · Mayfly";
  }, []);
  const words = problem === undefined ? undefined : signInProblem(problem);
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Brand />
        <div className="stack-s">
          <h1>Sign in</h1>
          <p className="muted">Decide what agents may reach, see what they do with it, and take it back.</p>
        </div>
        {words !== undefined && (
          <div className="sign-in-problem">
            <Banner tone={words.tone}>
              <strong>{words.title}</strong> {words.text}
            </Banner>
          </div>
        )}
        <Methods back={back} />
      </div>
    </main>
  );
}
