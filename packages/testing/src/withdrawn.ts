/** Adds members to the demo's provider of agents; a test whose change finds no place must not pass. */
export function withProvider(text: string, members: string): string {
  const audience = /^ {4}audience: .*\n/m;
  if (!audience.test(text)) throw new Error("the configuration has no provider with an audience");
  return text.replace(audience, (line) => `${line}    ${members}\n`);
}

/** Asks the provider about agents' tokens every five seconds: the least that a configuration may say. */
export const withIntrospection = (text: string): string =>
  withProvider(
    text,
    "introspection: { client_id: mayfly, client_secret: { env: INTROSPECTION_SECRET }, every: 5s }",
  );
