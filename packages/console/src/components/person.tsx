import type { ReactNode } from "react";
import { Untrusted } from "./untrusted.tsx";

/**
 * A person: the name that the provider shows for them where it has one, and the login, always. Two people can have one
 * name, and most can choose theirs; the login is who they are.
 */
export function Person({ login, shown }: { login: string; shown: string | undefined }): ReactNode {
  if (shown === undefined) return <Untrusted text={login} />;
  return (
    <span className="person">
      <Untrusted text={shown} />{" "}
      <span className="muted">
        <Untrusted text={login} />
      </span>
    </span>
  );
}
