/** What a member of an access log in JSON tells. */
export type MemberKind =
  | "method"
  | "target"
  | "query"
  | "line"
  | "status"
  | "time"
  | "user"
  | "address"
  | "host"
  | "body";

/** The place that a known name has among those of its kind: the lowest counts where values of a kind may differ. */
export interface KnownName {
  readonly kind: MemberKind;
  readonly rank: number;
}

/**
 * Names that nginx's, Envoy's, Istio's, Traefik's, Caddy's and hand-made formats use, those first that say it best. Not
 * among them is what sounds alike and is not: `request_length` counts the head too, `upstream_status` is of one try.
 */
const names: Readonly<Record<MemberKind, string>> = {
  method: "request_method method http_method",
  target: "request_uri uri request_path path request_url url target",
  query: "args query_string query",
  line: "request request_line",
  status: "status status_code response_code response_status http_status downstream_status",
  time: "start_utc start_time time_iso8601 @timestamp timestamp time_local start_local msec ts time date",
  user: "remote_user client_username auth_user username user_name user user_id",
  address:
    "client_ip remote_ip remote_addr client_host client_addr remote_address ip client x_forwarded_for downstream_remote_address",
  host: "authority http_host request_host vhost virtual_host host server_name domain",
  body: "bytes_received content_length bytes_read request_content_size request_body_size",
};

/** Known names in lower case, with `_`, with `-`, and with neither. */
const known: ReadonlyMap<string, KnownName> = new Map(
  (Object.entries(names) as [MemberKind, string][]).flatMap(([kind, list]) =>
    list
      .split(" ")
      .flatMap((name, rank): [string, KnownName][] =>
        [name, name.replaceAll("_", "-"), name.replaceAll("_", "")].map((each) => [each, { kind, rank }]),
      ),
  ),
);

/** Names as they were met, so that a name is put into lower case once; a log has a few. */
const met = new Map<string, KnownName | undefined>();
const MAX_MET = 512;

/** What a member tells by its name, in any case: `request_method`, `request-method`, `RequestMethod`. */
export function knownName(name: string): KnownName | undefined {
  const found = met.get(name);
  if (found !== undefined || met.has(name)) return found;
  const read = known.get(name.toLowerCase());
  if (name.length <= 64 && met.size < MAX_MET) met.set(name, read);
  return read;
}
