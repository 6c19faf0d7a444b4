import { createRandom } from "@mayfly/testing/seeded/random.ts";

/** A request as a client of the shop makes it. */
export interface ShopRequest {
  readonly method: string;
  readonly target: string;
  readonly status: number;
}

interface Endpoint {
  readonly method: string;
  readonly path: string;
  /** Parameters of its query, each with what makes a value. */
  readonly query?: Readonly<Record<string, Value>>;
  readonly body?: object;
  /** How often of a thousand requests. */
  readonly often: number;
}

type Value = "number" | "uuid" | "date" | "word" | "slug" | "currency" | "ulid" | "sku" | "user";

/** What a parameter of a path holds, by its name. */
const inPath: Readonly<Record<string, Value>> = {
  customer: "uuid",
  order: "number",
  line: "number",
  product: "slug",
  invoice: "ulid",
  day: "date",
  currency: "currency",
  sku: "sku",
  user: "user",
};

const body = (properties: object): object => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const text = { type: "string", maxLength: 200 };

/** The endpoints of a shop's API. */
const endpoints: readonly Endpoint[] = [
  { method: "GET", path: "/v1/customers", query: { page: "number", limit: "number" }, often: 60 },
  { method: "GET", path: "/v1/customers/search", query: { q: "word" }, often: 40 },
  { method: "GET", path: "/v1/customers/{customer}", often: 120 },
  { method: "PATCH", path: "/v1/customers/{customer}", body: body({ note: text }), often: 20 },
  { method: "GET", path: "/v1/customers/{customer}/orders", query: { since: "date" }, often: 60 },
  { method: "GET", path: "/v1/orders", query: { page: "number", status: "word" }, often: 80 },
  {
    method: "POST",
    path: "/v1/orders",
    body: body({ customer: text, total: { type: "number" } }),
    often: 60,
  },
  { method: "GET", path: "/v1/orders/{order}", often: 160 },
  { method: "DELETE", path: "/v1/orders/{order}", often: 4 },
  { method: "GET", path: "/v1/orders/{order}/lines", often: 50 },
  {
    method: "PUT",
    path: "/v1/orders/{order}/lines/{line}",
    body: body({ count: { type: "integer" } }),
    often: 30,
  },
  { method: "POST", path: "/v1/orders/{order}/cancel", body: body({ reason: text }), often: 8 },
  { method: "GET", path: "/v1/products", query: { page: "number" }, often: 40 },
  { method: "GET", path: "/v1/products/featured", often: 30 },
  { method: "GET", path: "/v1/products/{product}", often: 120 },
  { method: "GET", path: "/v1/products/{product}/reviews", query: { page: "number" }, often: 30 },
  { method: "GET", path: "/v1/invoices/{invoice}", often: 40 },
  { method: "GET", path: "/v1/invoices/{invoice}/pdf", often: 10 },
  { method: "GET", path: "/v1/reports/sales/{day}", often: 14 },
  { method: "GET", path: "/v1/rates/{currency}", often: 10 },
  { method: "GET", path: "/v1/stock/{sku}", query: { warehouse: "number" }, often: 20 },
  { method: "GET", path: "/v1/users/{user}", often: 20 },
  { method: "GET", path: "/v1/users/me", often: 20 },
  { method: "POST", path: "/v1/users/me/avatar", body: body({ url: text }), often: 2 },
];

/** The shop's OpenAPI document. */
export const shopDocument: object = {
  openapi: "3.1.0",
  info: { title: "Shop", version: "1" },
  servers: [{ url: "https://shop.example" }],
  paths: Object.fromEntries(
    [...Map.groupBy(endpoints, ({ path }) => path)].map(([path, all]) => [
      path,
      Object.fromEntries(
        all.map(({ method, query = {}, body: schema }) => [
          method.toLowerCase(),
          {
            parameters: [
              ...[...path.matchAll(/\{(\w+)\}/gu)].map(([, name]) => ({ name, in: "path", required: true })),
              ...Object.keys(query).map((name) => ({ name, in: "query" })),
            ],
            ...(schema === undefined ? {} : { requestBody: { content: { "application/json": { schema } } } }),
          },
        ]),
      ),
    ]),
  ),
};

/** Makes the requests of clients, the same for the same seed. */
export function shopRequests(seed: number): () => ShopRequest {
  const random = createRandom(seed);
  const pick = (list: readonly string[]): string => random.pick(list);
  const below = (bound: number): number => random.between(0, bound - 1);
  // What is popular is asked for far more often than the rest (Zipf).
  const popular = (count: number): number => Math.floor(count ** random.next()) - 1;
  const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".split("");
  const letters = "abcdefghij".split("");
  const hex = (length: number): string => Array.from({ length }, () => below(16).toString(16)).join("");
  const adjectives = "red blue green small large warm cold plain striped old".split(" ");
  const things = "shirt mug lamp chair table hat scarf boot sock coat".split(" ");
  const values: Readonly<Record<Value, () => string>> = {
    number: () => String(1 + below(90_000)),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
    date: () => `2026-${String(1 + below(12)).padStart(2, "0")}-${String(1 + below(28)).padStart(2, "0")}`,
    word: () => pick(adjectives),
    slug() {
      const at = popular(40_000);
      return `${adjectives[at % 10]}-${things[Math.floor(at / 10) % 10]}-model-${at}`;
    },
    currency: () => pick("eur usd gbp chf sek nok dkk pln czk huf jpy cny".split(" ")),
    ulid: () => `01J${Array.from({ length: 23 }, () => pick(crockford)).join("")}`,
    sku: () => `SKU-${10_000 + below(80_000)}`,
    user: () => `${pick(adjectives)}.${pick(things)}${pick(letters)}`,
  };
  const total = endpoints.reduce((sum, { often }) => sum + often, 0);
  return () => {
    let at = below(total);
    const chosen = endpoints.find(({ often }) => (at -= often) < 0) ?? endpoints[0];
    if (chosen === undefined) throw new RangeError("no endpoint is ever asked for");
    const path = chosen.path.replaceAll(/\{(\w+)\}/gu, (_, name: string) =>
      values[inPath[name] ?? "number"](),
    );
    const query = Object.entries(chosen.query ?? {})
      .filter(() => random.next() < 0.8)
      .map(([name, value]) => `${name}=${values[value]()}`);
    return {
      method: chosen.method,
      target: `${path}${query.length === 0 ? "" : `?${query.join("&")}`}`,
      status: random.next() < 0.02 ? 404 : 200,
    };
  };
}

/** A line of nginx's combined log. */
export const combinedLine = ({ method, target, status }: ShopRequest, user: string): string =>
  `10.0.0.7 - ${user} [02/Dec/2026:08:19:19 +0000] "${method} ${target} HTTP/1.1" ${status} 512 "-" "shop-agent/1.0"`;
