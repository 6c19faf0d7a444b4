import { describe, expect, test } from "vitest";
import { propose } from "./propose.ts";
import { reading, seen } from "./testing/seen.ts";

const proposed = (uris: readonly string[]): readonly unknown[] =>
  propose(
    uris.map((uri) => seen(reading(uri))),
    { minSeen: 1, taken: [] },
  ).operations.map(({ scope }) => scope["resources"]);

test.each([
  "http://169.254.169.254/latest/meta-data/iam",
  "http://10.0.0.1/admin",
  "postgres://db.internal/x",
  "ssh://host/x",
  "repo:///etc/shadow",
  "repo://x/.env",
  "repo://x/../y",
  "vscode://file/home/bob/x",
  "file:///home/bob/x",
  "vault://secret/db",
  "vault://x/%73ecret/db",
  "repo:///home/bob/a",
  "repo:/home/bob/a",
  "repo:home/bob/a",
  "repo:///Users/bob/a",
  "repo:///srv/%2eenv",
  "repo://x/%2eenv",
  "repo://x/%252eenv",
  "repo://x/a%2f.env",
  "repo://x/a\\.env",
  "repo://x/.env",
  "repo://x/.git/config",
  "repo://.ssh/id",
  "repo://x?file=.env",
  "repo://x#.env",
  "repo://x/id_rsa",
  "repo://x?f=id_rsa",
  "repo://x/%2e%2e/y",
  "repo:////etc/shadow",
  "app://srv//11",
  "repo://etc/shadow",
  "repo://x/proc/self",
  "proxy://a?u=http://10.0.0.1/",
  "proxy://a?u=http:%2f%2f10.0.0.1/",
  "proxy://a?u=http%3a%2f%2f10.0.0.1/",
  "proxy://a/http:/10.0.0.1",
  "proxy://a?u=10.0.0.1",
  "proxy://a/10.0.0.1/x",
  "proxy://a/127.0.0.1:8080",
  "proxy://a?u=localhost",
  "proxy://a?u=db.internal",
  "proxy://10.0.0.1/x",
  "proxy://127.1/x",
  "proxy://a?u=127.1",
  "proxy://a/10.0.0.1./x",
  "proxy://a/u:10.0.0.1",
  "proxy://a/u:localhost",
  "proxy://a/(10.0.0.1)",
  "proxy://a/10%E3%80%820.0.1",
  "proxy://metadata.goog/x",
  "proxy://a?u=db.corp",
  "proxy://a/127.0.0.1.nip.io/x",
  "proxy://a?u=//evil.example.com/x",
  "proxy://a?u=https:evil.example.com",
  "fs://x?path=/proc/self/environ",
  "fs://x?path=/home/bob/.x",
  "fs:~/x",
  "fs:///~/x",
  "repo:..",
  "repo:../y",
  "repo://x/a:..",
  "repo://x/..&a",
  "repo://x?f=../y",
  "repo://x/%E2%80%A4env",
  "repo://x/%EF%BC%8Eenv",
  "repo://x/.%00env",
  "repo://x/(.env)",
  "repo://x/%25252525252525252eenv",
  "repo://x/ghp_16C7e42F292c6912E7710c838347Ae178B4a",
  "vault://kv/db",
  "op://Private/GitHub/notes",
  "env://DATABASE_URL",
  "exec://ls",
  "bash://ls",
  "mongo://h/d",
  "https+insecure://h/x",
  "proxy://0x7f000001/x",
  "proxy://[::1]/x",
  "proxy://me:pass@a/x",
  "proxy:me:pass@a.example.com/x",
  "proxy:http://docs.example.com/",
  "jar:https://docs.example.com/a",
  "git+https://docs.example.com/a",
  "ftp://ftp.example.com/a",
  "data:text/plain,a",
])("%s is set apart", (uri) => expect(proposed([uri])).toEqual([]));

const schemes =
  "jdbc odbc postgres postgresql mysql mariadb mssql sqlserver oracle sqlite duckdb snowflake clickhouse cockroachdb mongodb redis rediss memcached cassandra neo4j neo4js bolt couchdb elasticsearch influxdb amqp amqps mqtt mqtts nats kafka zookeeper etcd consul ldap ldaps ldapi ssh sftp scp telnet rlogin smtp smtps imap imaps pop3 pop3s smb cifs nfs afp rsync git svn ftp ftps data javascript vbscript rdp vnc tcp udp tls unix npipe docker grpc grpcs thrift gopher dict tftp rtsp rtmp sip sips dns php phar jar blob about view-source chrome bash sh exec shell cmd powershell mongo sqlite3 libsql hdfs s3a wasb minio winrm compress.zlib chrome-extension feed webdav dav ipp ws-discovery rmi iiop expect zip glob netdoc mailto " +
  "wasbs webdavs davs ipps git+ssh mongodb+srv app+tcp app+unix app+tls app+http app+file app+insecure vault op 1password bitwarden lastpass keepass keychain keyring ssm secretsmanager ssh-agent gpg kms env dotenv doppler infisical";
test.each(schemes.split(" "))("%s: is set apart, by its scheme", (scheme) =>
  expect(proposed([`${scheme}://orders/x`, `${scheme}:x`])).toEqual([]),
);

test.each(
  "s3 gs gcs az abfs abfss r2 file files myfs vscode repo repository git disk workspace http https ws wss".split(
    " ",
  ),
)("%s: holds no folder of ids alone", (scheme) => {
  const uris = [11, 12, 13, 14, 15, 16].map((at) => `${scheme}://example.com/orders/${at}`);
  expect(proposed(uris).flat()).not.toContain(`${scheme}://example.com/orders/*`);
});

test.each([
  "crm://orders/7",
  "note:today",
  "crm://orders?state=open",
  "figma://file/abc/node/1:23",
  "npm:@scope/pkg@1.2.3",
  "gdrive:///1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgVE2upms",
  "log://2026-12-02/10:30",
  "crm://customers/anna@example.com",
  "docs://guide/1.2/x",
  "urn:isbn:0451450523",
  "https://docs.example.com/guides/a",
  "file:///srv/docs/a.md",
])("%s is proposed", (uri) => expect(proposed([uri])).toEqual([[uri]]));

describe("a URI of more parts than anybody writes is judged by none of them", () => {
  const of = (part: string, times: number): string => `crm://orders/${part.repeat(times)}end`;

  test.each(["a/", "a=1&", "a;", "a:", "a,"])("five times %s is proposed", (part) => {
    expect(proposed([of(part, 5)])).toEqual([[of(part, 5)]]);
  });

  test.each(["a/", "a=1&", "a;", "a:", "a,", "%2f", "%252f"])("forty times %s is not", (part) => {
    const { apart } = propose([seen(reading(of(part, 40)))], { minSeen: 1, taken: [] });
    expect(apart.map(({ reason }) => reason)).toEqual(["it is too long for a place"]);
  });
});

test("one tenant is not all, nor are many", () => {
  const of = (tenant: number): readonly string[] =>
    [1, 2, 3, 4, 5, 6].map((order) => `crm://tenants/${tenant}/orders/${order}`);
  expect(proposed(of(42))).toEqual([["crm://tenants/42/orders/*"]]);
  const tenants = [11, 12, 13, 14, 15, 16];
  expect(proposed(tenants.flatMap(of))).toEqual([
    tenants.map((tenant) => `crm://tenants/${tenant}/orders/*`),
  ]);
});

test("files are never a whole folder", () => {
  const uris = [1, 2, 3, 4, 5, 6].map((at) => `file:///srv/docs/${at}.md`);
  expect(proposed(uris)).toEqual([uris]);
});

test("one tenant's folders are not all tenants'", () => {
  const uris = ["a", "b", "c", "d", "e", "f"].map((folder) => `crm://tenants/42/${folder}/1`);
  expect(proposed(uris)).toEqual([uris]);
});

describe("a whole folder is granted where ids alone tell its things from each other", () => {
  const six = (folder: string, name: (at: number) => string): readonly string[] =>
    [11, 12, 13, 14, 15, 16].map((at) => `${folder}/${name(at)}`);

  test.each([
    ["crm://orders", (at: number) => `${at}`],
    ["crm://orders", (at: number) => `2026-11-${at}`],
    ["crm://orders", (at: number) => `0b0b0b0b-1111-2222-3333-4444555566${at}`],
    ["crm://tenants/acme/orders", (at: number) => `deadbeef${at}`],
  ])("%s", (folder, name) => expect(proposed(six(folder, name))).toEqual([[`${folder}/*`]]));

  test.each([
    ["repo://x", (at: number) => `README-${at}.md`],
    ["repo://x", (at: number) => `${at}.md`],
    ["repo://x", (at: number) => `${at}/a.md`],
    ["crm://orders", (at: number) => `${at}/lines`],
    ["crm://orders", (at: number) => `acme-${at}`],
    ["crm://orders", (at: number) => `acme-2026-11-${at}`],
    ["crm://orders", (at: number) => `42:${at}`],
    ["crm://orders", (at: number) => "0".repeat(at - 11) + "42"],
    [
      "crm://orders",
      (at: number) =>
        ["deadbeef1", "DEADBEEF1", "0deadbeef1", "00deadbeef1", "0DEADBEEF1", "00DEADBEEF1"][at - 11] ?? "",
    ],
    ["calendar://events", (at: number) => `2026-11-${at}/alice`],
    ["repo://x", (at: number) => `${at}/Makefile`],
    ["repo://x", (at: number) => `${at}`],
    ["vscode://file/srv", (at: number) => `${at}`],
    ["app://files/srv", (at: number) => `${at}`],
    ["app://:/srv", (at: number) => `${at}`],
    ["s3://bucket", (at: number) => `${at}`],
    ["https://docs.example.com", (at: number) => `${at}`],
    ["crm://orders", (at: number) => "abcdefghijklmnop".charAt(at - 1)],
    ["crm://orders", (at: number) => `order-${"abcdefghijklmnop".charAt(at - 1)}`],
    ["repo:///srv", (at: number) => `${at}`],
    ["repo:/srv", (at: number) => `${at}`],
    ["vscode://file", (at: number) => `${at}.md`],
    ["file:///srv", (at: number) => `${at}`],
  ])("%s is not", (folder, name) => {
    const uris = six(folder, name);
    expect(new Set(proposed(uris).flat())).toEqual(new Set(uris));
  });

  test.each([
    "crm://orders/17/.env",
    "crm://orders/config/alice",
    "crm://orders/42?v=1",
    "crm://orders/anna",
  ])("nor beside %s", (other) => {
    const uris = six("crm://orders", (at) => `${at}`);
    expect(proposed([...uris, other]).flat()).toEqual(expect.arrayContaining([...uris]));
  });
});

test("so many are listed, and no more", () => {
  const of = (count: number): readonly string[] =>
    Array.from(
      { length: count },
      (_, at) => `docs://guides/${"abcdefgh".charAt(at % 8)}${"abcdefgh".charAt(at / 8)}`,
    );
  expect(proposed(of(50))).toEqual([of(50).toSorted()]);
  expect(proposed(of(51))).toEqual([]);
});
