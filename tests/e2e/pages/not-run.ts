// The console blocks of README.md and docs/ that no test types in as they stand, by page and first command, with the
// reason. A block that is neither here nor in run.ts fails the test, and so does an entry without a block.

const guide = "tests/e2e/okta-guide.test.ts does the same steps against the stand-in for Okta";
const minutes = "takes minutes and measures the machine; `npm test` runs what it is made of";
const shortened = "stands shortened: its command has a … in it";
const keyboard = "asks at the keyboard, which this test has not; packages/cli has tests with a terminal";
const alteredLog =
  "destroys or replaces the log; tests/e2e/log-bytes.test.ts and the audit log's own tests do";

export const notRun: Readonly<Record<string, string>> = {
  'README.md $ mayfly run orders-db/read-orders --ttl 6s --reason "TICKET-4711: a long report" -- psql -c "copy (select a.id, b.total, c.status from orders a, orders b, orders c) to stdout"':
    "prints rows until the deadline; the demo's walk does it, tests/e2e/demo.test.ts",
  "README.md $ git clone … mayfly && cd mayfly": "tests/e2e/demo.test.ts runs the demo",
  'docs/api.md $ curl -sSN --cacert mayfly-ca.pem -H "authorization: Bearer $TOKEN" https://mayfly.internal:8443/v1/events':
    "never ends; tests/e2e/event-stream-and-export.test.ts reads the stream",
  "docs/api.md $ curl … https://mayfly.internal:8443/v1/live": shortened,
  'docs/api.md $ curl … "https://mayfly.internal:8443/v1/audit/export?format=csv&decision=deny"': shortened,
  "docs/approvals.md $ mayfly show req_akyfm3677mzsr9qx": keyboard,
  "docs/approvals.md $ mayfly requests --to-review":
    "needs an emergency that is over; tests/e2e/emergency-review.test.ts has one",
  "docs/audit.md $ mayfly audit verify ./audit --key mayfly.internal+1f2e3d4c+AbCd…": shortened,
  "docs/audit.md $ mayfly audit verify ./audit --key mayfly.internal+1f2e3d4c+AbCd… (2)": shortened,
  "docs/audit.md $ mayfly audit verify ./audit --key mayfly.internal+1f2e3d4c+AbCd… --checkpoint /mnt/nas/mayfly.checkpoints":
    shortened,
  "docs/audit.md $ rm data/audit/records/000000000000.jsonl; curl -sk https://127.0.0.1:8443/readyz":
    alteredLog,
  "docs/audit.md $ mayflyd serve -c mayfly.yaml": alteredLog,
  "docs/audit.md $ mayflyd retention --dry-run -c mayfly.yaml":
    "tests/e2e/retention.test.ts runs it on a log of two days",
  "docs/audit.md $ mayfly audit verify data/audit --key data/audit/log.vkey":
    "tests/e2e/retention.test.ts runs it on a log of which files were dropped",
  "docs/audit.md $ aws s3 sync s3://acme-audit/mayfly/gateway-1/ copy":
    "needs a bucket; packages/gateway/src/audit/retention/uploads.test.ts verifies a copy of one",
  'docs/audit.md $ mayflyd retention hold --principal held-bot --reason "INC-12"':
    "tests/e2e/retention.test.ts runs it, with an id of its own",
  "docs/benchmarks.md $ npm run bench -- log-in                        # databases of 100, 1,000 and 20,000 tables; a minute":
    minutes,
  "docs/benchmarks.md $ npm run bench -- calm                          # every attack of security.md, about 40 minutes":
    minutes,
  "docs/benchmarks.md $ npm run bench -- start                         # logs of 100,000 and 1,000,000 records of sessions' acts, three starts each, on SQLite":
    minutes,
  "docs/capacity.md $ npm run bench": minutes,
  "docs/chaos.md $ npm run chaos                          # --only PATTERN, --kills N, --agents N, --seed S":
    minutes,
  'docs/clients.md $ mayfly run orders-db/dump-orders --reason "TICKET-7: a copy" -- pg_dump --no-owner --enable-row-security -t public.item':
    "tests/clients/pg-dump.test.ts dumps through the gateway",
  "docs/several-gateways.md $ mayfly audit search --type act.intent --text orders":
    "two gateways: tests/e2e/one-search.test.ts",
  "docs/several-gateways.md $ mayfly audit verify first/audit second/audit --logs logs.note --key second.vkey":
    "several logs: tests/e2e/logs-of-workers.test.ts",
  'docs/several-gateways.md $ mayfly audit logs retire second --reason "INC-12: the machine is gone"':
    "two gateways: tests/e2e/one-search.test.ts",
  "docs/several-gateways.md $ mayflyd serve --config mayfly.yaml --workers 2":
    "serves until it is stopped; tests/e2e/workers.test.ts starts it",
  "docs/several-gateways.md $ npm run bench -- gateways": "a benchmark of a minute",
  "docs/benchmarks.md $ npm run bench                                  # PostgreSQL, about 25 minutes":
    minutes,
  "docs/benchmarks.md $ npm run bench -- deadline                      # a thousand sessions over TLS":
    minutes,
  "docs/benchmarks.md $ npm run bench -- workers --workers 2 --share 30        # as root; 3 minutes": minutes,
  "docs/benchmarks.md $ npm run bench -- signals                       # 4 to 12 minutes": minutes,
  "docs/benchmarks.md $ npm run bench -- kubernetes": minutes,
  "docs/benchmarks.md $ npm run bench -- growth                        # all dimensions, each in a process of its own; about 20 minutes":
    minutes,
  "docs/benchmarks.md $ npm run bench -- mcp": minutes,
  "docs/benchmarks.md $ npm run bench -- console                       # 3 minutes": minutes,
  "docs/cli.md $ mayfly pending": keyboard,
  'docs/cli.md $ mayfly request orders-db/refund-order --reason "TICKET-123: parcel lost"':
    "waits for a person; packages/cli/src/requests.integration.test.ts is that person",
  'docs/operations.md $ mayfly lockdown --reason "INC-12: support-bot behaves oddly"':
    "ends what the other blocks work with; tests/e2e/backup.test.ts locks down and lifts",
  "docs/operations.md # cp -a /var/lib/mayfly /backup/":
    "there is no service here; tests/e2e/backup.test.ts copies in this order",
  "docs/operations.md # systemctl stop mayflyd":
    "there is no systemd here; tests/e2e/backup.test.ts starts mayflyd with --lockdown",
  "docs/operations.md # systemctl stop mayflyd (2)":
    "there is no systemd here; the command's own tests change the key",
  "docs/cli.md $ mayfly approve req_akyfm3677mzsr9qx --yes":
    "needs a sign-in that is older than ten minutes; packages/gateway has tests with a clock of their own",
  "docs/cli.md $ mayfly wait req_qsq7z6mcjrdwzvfy":
    "is ended by Ctrl-C; packages/cli/src/requests.integration.test.ts presses it",
  "docs/cli.md $ mayfly status":
    "is of somebody with a grant and a request; packages/cli/src/requests.integration.test.ts has both",
  "docs/cli.md $ mayfly audit replay ses_d1d9g6p31sxhzpsd":
    "needs a recorded session; packages/cli/src/replay.integration.test.ts plays one",
  "docs/cli.md $ mayfly --json show gr_1":
    "fails, as it should; packages/cli/src/mayfly.integration.test.ts runs it",
  "docs/cli.md $ mayfly live":
    "is several people's work on a busy gateway; tests/e2e/operator-commands.test.ts runs the same commands",
  "docs/cli.md $ mayfly login --url https://mayfly.internal:8443": guide,
  "docs/cli.md $ mayfly login --url https://mayfly.internal:8443 --agent wlp1b2c3d4 --key agent.pem --person device --resource https://mayfly.internal:8443":
    guide,
  "docs/cli.md $ mayfly login --agent wlp1b2c3d4 --key agent.pem --person browser --resource https://mayfly.internal:8443/":
    guide,
  "docs/configuration.md $ mayflyd check mayfly.yaml":
    "is about a file with mistakes that the page does not show",
  'docs/console.md $ mayfly request orders-db/refund-order --reason "TICKET-4711: parcel lost on the way" --wait':
    "waits for a person in the console; tests/browser/approvals.test.ts is that person",
  "docs/dependencies.md $ npm ci --ignore-scripts":
    "is how scripts/setup.mjs has brought this test's own packages",
  "docs/identity.md $ mayflyd token -c mayfly.yaml token.txt": guide,
  "docs/identity.md $ get-token | mayflyd token -c mayfly.yaml": guide,
  "docs/install.md # mayflyd init /etc/mayfly/mayfly.yaml --url https://mayfly.internal:8443 --data /var/lib/mayfly \\":
    "changes the system as root; tests/e2e/install.test.ts does the same in a folder",
  "docs/install.md # apt-get install --no-install-recommends npm":
    "changes the system as root; tests/e2e/install.test.ts does the same in a folder",
  "docs/install.md # install -D -m 644 mayfly.conf /etc/sysusers.d/mayfly.conf && systemd-sysusers":
    "there is no systemd here to start it; tests/integration/systemd.test.ts judges the unit",
  "docs/install.md # mayflyd init /etc/mayfly/mayfly.yaml --url https://mayfly.internal:8443 --data /var/lib/mayfly \\ (2)":
    "changes the system as root; tests/e2e/install.test.ts does the same in a folder",
  "docs/install.md # install -g mayfly -m 640 /dev/stdin /etc/mayfly/secrets/orders-db-password   # type it, then Ctrl-D":
    "changes the system as root; tests/e2e/install.test.ts does the same in a folder",
  "docs/install.md # systemctl enable --now mayflyd":
    "there is no systemd here to start it; tests/integration/systemd.test.ts judges the unit",
  "docs/install.md # systemctl disable --now mayflyd":
    "there is no systemd here to stop it, and it removes files of the system as root",
  "docs/install.md $ npm run build": "tests/e2e/install.test.ts builds, packs and installs what ships",
  "docs/install.md $ mayfly agent keygen --out agent.pem > agent.public.jwk":
    "tests/e2e/install.test.ts logs in and works with the installed command",
  "docs/install.md $ npm run image": "tests/e2e/image.test.ts makes the image",
  "docs/install.md $ kubectl create namespace mayfly":
    "there is no cluster; tests/integration/kubernetes-manifests.test.ts checks what is applied",
  "docs/leases.md $ mayfly run orders-db/read-orders --reason TICKET-123 -- psql -c 'select …'": shortened,
  'docs/notifications.md $ export SIEM_WEBHOOK_SECRET="whsec_$(openssl rand -base64 32)"':
    "serves until it is ended; packages/gateway has tests that send to it",
  'docs/notifications.md $ curl -sS --cacert mayfly-ca.pem -H "authorization: Bearer $TOKEN" "https://mayfly.internal:8443/v1/webhooks/deliveries?state=failed"':
    "shows a delivery that has failed for hours",
  "docs/operations.md $ npx mayflyd serve --config mayfly.yaml": guide,
  "docs/operations.md $ npm run torture                       # 1,000 kills: --kills N, --seed S": minutes,
  "docs/quick-start.md $ export ORDERS_DB_PASSWORD=… OKTA_CLIENT_SECRET=… OKTA_HOOK_SECRET=…": shortened,
  "docs/quick-start.md $ npx mayfly agent keygen --out agent.pem > agent.public.jwk":
    "needs the org to learn the new key; the Okta guide's second half does that",
  "docs/sign-in.md $ curl -sS --cacert mayfly-ca.pem https://mayfly.internal:8443/v1/sign-in":
    "shows sign-ins from another machine; tests/e2e/sign-in.test.ts signs in",
  'docs/sign-in.md $ curl -sS --cacert mayfly-ca.pem --cookie "$COOKIE" https://mayfly.internal:8443/v1/session':
    "needs a browser's cookie; tests/e2e/browser-session-attacks.test.ts has one",
};
