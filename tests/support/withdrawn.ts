/** Asks the provider about agents' tokens every five seconds: the least that a configuration may say. */
export function withIntrospection(text: string): string {
  return text.replace(
    "    audience: api://mayfly\n",
    `    audience: api://mayfly
    introspection: { client_id: mayfly, client_secret: { env: INTROSPECTION_SECRET }, every: 5s }
`,
  );
}
