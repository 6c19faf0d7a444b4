import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { lockdownQuery } from "../api/queries.ts";
import { useRoles } from "../api/session.ts";
import { Banner } from "../components/page.tsx";
import { Time } from "../components/time.tsx";
import { Untrusted } from "../components/untrusted.tsx";

/** Says on every page that everything is locked down, since when, by whom and why. */
export function LockdownBanner(): ReactNode {
  const { data } = useQuery(lockdownQuery);
  const operator = useRoles().includes("operator");
  const here = useLocation({ select: ({ pathname }) => pathname === "/live" });
  if (data?.locked !== true) return undefined;
  return (
    <Banner
      tone="bad"
      action={
        operator &&
        !here && (
          <Link to="/live" className="button button-secondary button-size-s">
            Lift on the Live page
          </Link>
        )
      }
    >
      <strong>Everything is locked down</strong>
      {data.since !== undefined && (
        <>
          {" "}
          since <Time at={data.since} as="clock" />
        </>
      )}
      {data.by !== undefined && (
        <>
          {" "}
          by <Untrusted text={data.by} />
        </>
      )}
      {data.reason !== undefined && (
        <>
          : <Untrusted text={data.reason} />
        </>
      )}
    </Banner>
  );
}
