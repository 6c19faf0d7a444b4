import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Untrusted } from "../../components/untrusted.tsx";
import { shortOperation } from "./words.ts";

/** A request in a list: what it asks for, which leads to it, and on which connection. @param operations their names */
export function RequestLink({
  id,
  operations,
  connection,
}: {
  id: string;
  operations: readonly string[];
  connection: string;
}): ReactNode {
  return (
    <>
      <Link to="/requests/$id" params={{ id }}>
        <Untrusted text={operations.map(shortOperation).join(", ")} />
      </Link>
      <span className="muted">
        on <Untrusted text={connection} />
      </span>
    </>
  );
}
