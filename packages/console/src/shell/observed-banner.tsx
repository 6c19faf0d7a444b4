import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { connectionsQuery } from "../api/queries.ts";
import { useRoles } from "../api/session.ts";
import { Banner } from "../components/page.tsx";
import { Untrusted } from "../components/untrusted.tsx";
import { useNow } from "../components/use-now.ts";
import { pageRoles, sees } from "../roles.ts";
import { observedNow } from "./observed.ts";

/** Says on every page which connections are observed, and until when: nothing limits what is done there. */
export function ObservedBanner(): ReactNode {
  const { data } = useQuery({ ...connectionsQuery, enabled: sees(useRoles(), pageRoles["/connections"]) });
  const observed = observedNow(data ?? [], useNow());
  const [first] = observed;
  if (first === undefined) return undefined;
  return (
    <Banner
      tone="warn"
      action={
        <Link
          to="/connections"
          search={{ open: first.name }}
          className="button button-secondary button-size-s"
        >
          Connections
        </Link>
      }
    >
      <strong>Observed:</strong>{" "}
      {observed.map(({ name, last }, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <Untrusted text={name} /> until the end of {last}, UTC
        </span>
      ))}
      . Whoever is granted <code>observe</code> may do there whatever can be recorded.
    </Banner>
  );
}
