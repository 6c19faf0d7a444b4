import { expect, test } from "vitest";
import { groupPaths } from "./paths.ts";
import { readSeenRequest, type SeenRequest } from "./request.ts";
import { templateText } from "./template.ts";

/** The templates of some requests, in order. @param times how often each was seen */
function templates(acts: readonly string[], times = 3): readonly string[] {
  const items = acts.map((act) => ({ request: readSeenRequest(act) as SeenRequest, times }));
  return groupPaths(items)
    .flatMap(({ parts, items: all }) => all.map(({ request }) => templateText(request.method, parts)))
    .filter((text, at, all) => all.indexOf(text) === at)
    .toSorted();
}
const many = (count: number, act: (at: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, at) => act(at));
const word = (at: number): string =>
  String(at).replaceAll(/\d/gu, (digit) => "abcdefghij".charAt(Number(digit)));

test("values of a form are templates from the first one on", () => {
  expect(templates(["GET /v1/orders/1", "GET /v1/orders/2/lines/3", "GET /v1/days/2026-12-02"])).toEqual([
    "GET /v1/days/{date:[0-9]{4}-[0-9]{2}-[0-9]{2}}",
    "GET /v1/orders/{order_id:[0-9]+}",
    "GET /v1/orders/{order_id:[0-9]+}/lines/{line_id:[0-9]+}",
  ]);
});

test("a number behind api is a version", () => {
  expect(templates(["GET /api/2/orders/7"])).toEqual(["GET /api/2/orders/{order_id:[0-9]+}"]);
});

test("words are told apart, up to two", () => {
  expect(templates(many(2, (at) => `GET /v1/rates/${word(at)}`))).toHaveLength(2);
});

test("more things of one kind are listed, as long as new ones are rare", () => {
  expect(templates(many(3, (at) => `GET /v1/rates/${word(at)}`))).toEqual([
    "GET /v1/rates/{rate_name:a|b|c}",
  ]);
  expect(templates(many(200, (at) => `GET /v1/rates/${word(at)}`))[0]).toContain("|");
});

test("words that keep coming vary", () => {
  expect(
    templates(
      many(20, (at) => `GET /v1/products/${word(at)}-x`),
      1,
    ),
  ).toEqual(["GET /v1/products/{product_name:[a-z0-9]+(?:-[a-z0-9]+)*}"]);
  // Nineteen are too few to say so.
  expect(
    templates(
      many(19, (at) => `GET /v1/products/${word(at)}-x`),
      1,
    )[0],
  ).toContain("|");
  // Of more than 200 nobody reads a list.
  expect(templates(many(201, (at) => `GET /v1/products/${word(at)}-x`))).toEqual([
    "GET /v1/products/{product_name:[a-z0-9]+(?:-[a-z0-9]+)*}",
  ]);
});

test("collections never vary, however many there are", () => {
  expect(
    templates(
      many(300, (at) => `GET /v1/${word(at)}s`),
      1,
    ),
  ).toHaveLength(300);
  expect(
    templates(
      many(300, (at) => `GET /${word(at)}s/7`),
      1,
    ),
  ).toHaveLength(300);
});

test("an id that looks like a word by chance is one: another one's form takes it", () => {
  expect(
    templates(["GET /v1/customers/cus_4fG9aZ81kQ/orders", "GET /v1/customers/cus_DgCagkbcfj/orders"]),
  ).toEqual(["GET /v1/customers/{customer_id:cus_[A-Za-z0-9]*[A-Z0-9][A-Za-z0-9]*}/orders"]);
});

test("what there is of one thing never varies either", () => {
  expect(
    templates(
      many(300, (at) => `GET /v1/orders/7/${word(at)}`),
      1,
    ),
  ).toHaveLength(300);
});

test("behind a word that varies another one may", () => {
  const all = many(900, (at) => `GET /v1/repos/${word(at % 30)}/${word(at)}x`);
  expect(templates(all, 1)).toEqual([
    "GET /v1/repos/{repo_name:a|b|ba|bb|bc|bd|be|bf|bg|bh|bi|bj|c|ca|cb|cc|cd|ce|cf|cg|ch|ci|cj|d|e|f|g|h|i|j}/{name:[a-z0-9]+(?:-[a-z0-9]+)*}",
  ]);
});

test.each(["secrets", "graphql", "actuator", "Admin"])("%s is no thing", (own) => {
  const all = [...many(30, (at) => `GET /v1/users/${word(at)}`), `GET /v1/users/${own}`];
  expect(templates(all, 1)).toContain(`GET /v1/users/${own}`);
});

test("a word of the API's own stays one among things that vary", () => {
  const all = [...many(30, (at) => `GET /v1/users/${word(at)}`), "GET /v1/users/me", "GET /v1/users/me/keys"];
  expect(templates(all, 1)).toEqual([
    "GET /v1/users/me",
    "GET /v1/users/me/keys",
    "GET /v1/users/{user_name:[a-z0-9]+(?:-[a-z0-9]+)*}",
  ]);
});

test("so does one that is used in a way of its own", () => {
  const all = [...many(30, (at) => `GET /v1/users/${word(at)}`), "GET /v1/users/lookaround?near=7"];
  expect(templates(all, 1)).toEqual([
    "GET /v1/users/lookaround",
    "GET /v1/users/{user_name:[a-z0-9]+(?:-[a-z0-9]+)*}",
  ]);
});

test("what is listed is quoted for the pattern, and read as it is judged", () => {
  const all = [...many(8, (at) => `GET /v1/files/${word(at)}.txt`), "GET /v1/files/a%20b.txt"];
  expect(templates(all)[0]).toContain(String.raw`a\x{20}b\.txt`);
});
