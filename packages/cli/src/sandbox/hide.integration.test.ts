// tier: full
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { CANARY, CASES } from "../probe/credentials/testing/cases.ts";
import { makePlace, type Place } from "../probe/credentials/testing/place.ts";
import { findStanding } from "./hide.ts";
import { isWithin } from "./paths.ts";

afterEach(() => vi.unstubAllEnvs());

/** The files of a place that hold a secret and are not hidden. */
async function inSight(place: Place, env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const { root } = place.surroundings;
  const named = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.replaceAll("ROOT", root)]),
  );
  const { hidden } = await findStanding([{ ...place.surroundings, env: named }]);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => realpathSync(join(each.parentPath, each.name)))
    .filter((path) => readFileSync(path, "latin1").includes(CANARY))
    .filter((path) => !isWithin(path, [...hidden.files, ...hidden.folders]));
}

test.each(CASES)("$what: hidden", async ({ files, env }) => {
  using place = makePlace(files);
  expect(await inSight(place, env)).toEqual([]);
});

test("what holds no secret stays in sight", async () => {
  using place = makePlace({
    "~/.gitconfig": "[user]\nname = A\n",
    "~/.aws/config": "[default]\nregion = eu-west-1\n",
    "~/.ssh/known_hosts": "db.internal ssh-ed25519 AAAA",
    "./.env.example": "TOKEN=x\n",
    "./.env": "LOG=1\n",
  });
  const { hidden } = await findStanding([place.surroundings]);
  expect(hidden.files).toEqual([]);
  expect(hidden.folders.filter((path) => path.startsWith(place.surroundings.root))).toEqual([]);
});

test("variables that hold a login or name a proxy go, the others stay", async () => {
  using place = makePlace();
  const env = {
    SHOP_TOKEN: `ghp_${CANARY}0123456789abcdefghijKLMN`,
    HTTPS_PROXY: "http://p.internal:1",
    LANG: "C",
  };
  const { variables } = await findStanding([{ ...place.surroundings, env }]);
  expect([...variables].toSorted()).toEqual(["HTTPS_PROXY", "SHOP_TOKEN"]);
});

test("what cannot be read or understood is hidden, and a folder that is shut as a whole", async () => {
  using place = makePlace({
    "~/.netrc": "x\u0000",
    "~/.kube/config": "users: [",
    "~/.pgpass": "x".repeat(1024 * 1024 + 1),
  });
  const { hidden } = await findStanding([place.surroundings]);
  expect(hidden.files).toEqual([
    place.path("~/.kube/config"),
    place.path("~/.netrc"),
    place.path("~/.pgpass"),
  ]);
});

test("a link's file is hidden, and the link leads to it", async () => {
  using place = makePlace({ "~/kept/real": `machine a.internal password ${CANARY}` });
  symlinkSync(place.path("~/kept/real"), place.path("~/.netrc"));
  expect(await inSight(place)).toEqual([]);
});

test("mayfly's logins are hidden, and the keys that they name; a CA is not", async () => {
  using place = makePlace({ "~/agent.pem": CANARY, "~/token": CANARY, "~/ca.pem": "public" });
  const state = place.path("~/state");
  vi.stubEnv("XDG_STATE_HOME", state);
  mkdirSync(join(state, "mayfly"), { recursive: true });
  const login = {
    ca: place.path("~/ca.pem"),
    key: place.path("~/agent.pem"),
    agent: { accessTokenFile: place.path("~/token") },
  };
  writeFileSync(join(state, "mayfly", "bot.json"), JSON.stringify({ ...login, accessToken: CANARY }));
  expect(await inSight(place)).toEqual([]);
  const { hidden } = await findStanding([place.surroundings]);
  expect(hidden.files).toEqual([place.path("~/agent.pem"), place.path("~/token")]);
  expect(hidden.folders).toEqual([join(state, "mayfly")]);
});

test("where there is too much to look at, nothing is left to luck", async () => {
  using place = makePlace({ "~/.netrc": "machine a.internal password x\n".repeat(400) });
  await expect(findStanding([place.surroundings])).rejects.toMatchObject({ code: "sandbox_unavailable" });
});

test("what is hidden for two reasons is hidden once, and what lies in a hidden folder with it", async () => {
  using place = makePlace({ "~/.vault-token": CANARY, "~/.tsh/keys/p.internal/a": CANARY });
  const { surroundings } = place;
  const env = { DB_PASSWORD: CANARY };
  const one = await findStanding([surroundings]);
  const two = await findStanding([surroundings, { ...surroundings, env }]);
  expect(two.hidden).toEqual(one.hidden);
  expect([...two.variables]).toEqual(["DB_PASSWORD"]);
});

test("a file with a name that nobody knows is not left in sight by it; one whose names are all hidden is hidden", async () => {
  using place = makePlace({ "~/.netrc": `machine a.internal password ${CANARY}` });
  linkSync(place.path("~/.netrc"), place.path("~/_netrc"));
  linkSync(place.path("~/.netrc"), place.path("~/other"));
  await expect(findStanding([place.surroundings])).rejects.toMatchObject({
    code: "sandbox_unavailable",
    message: expect.stringContaining("has another name (a hard link)") as string,
  });
  rmSync(place.path("~/other"));
  const { hidden } = await findStanding([place.surroundings]);
  expect(hidden.files).toEqual([place.path("~/.netrc"), place.path("~/_netrc")]);
});

test("a place that the sandbox has of its own is not covered: that would bring the host's back", async () => {
  using place = makePlace();
  const env = { SSL_KEY_FILE: "/dev/shm", DB_PASSWORD_FILE: "/proc/version" };
  const { hidden } = await findStanding([{ ...place.surroundings, env }]);
  expect(
    [...hidden.files, ...hidden.folders].filter((path) => isWithin(path, ["/dev", "/proc", "/sys"])),
  ).toEqual([]);
});
