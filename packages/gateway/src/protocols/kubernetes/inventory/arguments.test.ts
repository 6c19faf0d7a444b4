import { expect, test } from "vitest";
import { isShowable, maybeSecret, partsOf, shownCommand } from "./arguments.ts";

const pattern = (argument: string, reaching = false): string =>
  partsOf(argument, reaching)
    .map(({ text, varies }) => (varies === "formed" ? "*" : text))
    .join("");

test.each([
  ["/var/log/app-2026-12-02.log", "/var/log/app-*.log"],
  ["/var/log/app-20261202.log", "/var/log/app-*.log"],
  ["/var/log/app20261202.log", "/var/log/app*.log"],
  ["/var/log/app-2026-12-02T08:19:19Z.log", "/var/log/app-*.log"],
  ["--since=2026-12-02 10:00:00", "--since=*"],
  ["--since=10:30", "--since=*"],
  ["--since=20261202T101500Z", "--since=*"],
  ["/data/7b0e6a1c-2f6d-4a53-9c51-0d3f3f2b1e77/x", "/data/*/x"],
  ["pods/web-7d4b9c6f5d-x2x9z", "pods/web-*-x2x9z"],
  ["http://localhost:8080/orders/20417", "http://localhost:8080/orders/*"],
  ["http://localhost:8080/orders/20417/lines?at=2026-12-02", "http://localhost:8080/orders/*/lines?at=*"],
  ["/proc/20417/status", "/proc/*/status"],
  ["id=20417", "id=*"],
  ["job-20417", "job-*"],
])("%s becomes %s", (argument, expected) => expect(pattern(argument)).toBe(expected));

test.each([
  "20417",
  "-20417",
  "--20417",
  "-n20417",
  "--n20417",
  "/20417",
  "/20417/20418",
  "//20417",
  "./20417",
  "=20417",
  "-=20417",
  "http://20417.example.com/",
  "http://a-20417.example.com",
  "http://localhost:20417/",
  "http20417://localhost/",
  "user20417@host",
  "host-20417:/data/x",
  "localhost:20417",
  "db-12:30",
  "--host=db-20417",
  "--url=db-20417",
  "--script=x20417",
  "/data/../app-20417",
  "/data/app-20417/..",
  "s/a/20417/;w x",
  ".items[20417]",
  "select 20417",
  "app.log",
  "deadbeef",
  "/etc/20417",
  "/etc/a/20417",
  "/home/20417",
  "/run/20417/x",
  "/proc/20417",
  "--file=/proc/20417",
])("%s stays as it is", (argument) => expect(pattern(argument)).toBe(argument));

test("a host stays what it is behind no scheme too, where programs take one", () => {
  expect(pattern("web-20417/orders/20418")).toBe("web-*/orders/*");
  expect(pattern("web-20417/orders/20418", true)).toBe("web-20417/orders/*");
  expect(pattern("web-20417", true)).toBe("web-20417");
});

test.each([
  ["/var/log/app-1.log", "number"],
  ["--lines=5", "number"],
  ["5", "option"],
  ["-n5", "option"],
  ["10.0.0.1", "never"],
  ["host:80", "never"],
])("the short number in %s: %s", (argument, varies) =>
  expect(partsOf(argument, false).find(({ text }) => /\d/u.test(text))?.varies).toBe(varies),
);

test.each([
  ["mytool --password=hunter2", 1],
  ["mytool --password hunter2", 2],
  ["mytool --api-key hunter2", 2],
  ["mysql -phunter2", 1],
  ["mysql -u root -p hunter2", 4],
  ["timeout 5 mysql -phunter2", 3],
  ["redis-cli -a hunter2", 2],
  ["curl -u jane:hunter2 http://localhost/", 2],
  ["curl -ujane:hunter2 http://localhost/", 1],
  ["env PGPASSWORD=hunter2 ls", 1],
  ["mytool AKIAIOSFODNN7EXAMPLE", 1],
  ["mytool eyJhbGciOiJIUzI1NiJ9.e30.x", 1],
  ["mytool ghp_abcdefghijklmnop", 1],
  ["mytool postgres://jane:hunter2@db/app", 1],
  ["mytool http://localhost/?access_token=hunter2", 1],
  ["mytool wJalrXUtnFEMI7K7MDENG2bPx4Rf", 1],
])("what may be a secret in %s", (line, at) => {
  const argv = line.split(" ");
  expect(maybeSecret(argv, at)).toBe(true);
  expect(shownCommand(argv)).not.toMatch(/hunter2|AKIA|eyJ|ghp_|wJal/u);
});

test.each([
  [["sh", "-c", "mysql --password hunter2"], 2],
  [["curl", "-H", "Authorization: Bearer hunter2"], 2],
  [["curl", "-H", "X-Api-Key: hunter2"], 2],
  [["curl", "-H", "Cookie: a=hunter2"], 2],
  [["curl", "-d", '{"password": "hunter2"}'], 2],
])("what may be a secret in %j", (argv, at) => {
  expect(maybeSecret(argv, at)).toBe(true);
  expect(shownCommand(argv)).not.toContain("hunter2");
});

test.each(["ls -l /var/log", "tail -n 5 /var/log/app.log", "psql -p 5432", "cat /etc/app/config.yaml"])(
  "no secret in %s",
  (line) => {
    const argv = line.split(" ");
    expect(argv.some((_, at) => maybeSecret(argv, at))).toBe(false);
    expect(shownCommand(argv)).toBe(line);
  },
);

test.each([
  [["cat", "a b"], 'cat "a b"'],
  [["cat", ""], 'cat ""'],
  [["cat", "a\nb"], "cat …"],
  [["cat", "\u{202E}txt"], "cat …"],
  [["cat", "x".repeat(121), "y"], "cat … y"],
  [[], ""],
])("%j is shown as %s", (argv, shown) => expect(shownCommand(argv)).toBe(shown));

test("what is shown is bounded", () => {
  const shown = shownCommand(Array.from({ length: 5000 }, () => "word"));
  expect(shown).toHaveLength(200);
  expect(shown.endsWith("…")).toBe(true);
});

test("what has line breaks or control characters, or is long, is not shown", () => {
  expect(isShowable("x".repeat(120))).toBe(true);
  for (const text of ["x".repeat(121), "a\nb", "a\u0000", "a\u2028b"]) expect(isShowable(text)).toBe(false);
});

test.each([
  "a".repeat(100_000),
  "1".repeat(100_000),
  "1a".repeat(50_000),
  "1-".repeat(50_000),
  "a=".repeat(50_000),
  "://".repeat(30_000),
  "/etc".repeat(25_000),
  " --".repeat(30_000),
])("an argument is read in linear time", (argument) => {
  // What asked twice as much for each further character would outlive the test.
  expect(partsOf(argument, true).length).toBeGreaterThan(0);
  expect(maybeSecret(["x", argument], 1)).toBeTypeOf("boolean");
});
