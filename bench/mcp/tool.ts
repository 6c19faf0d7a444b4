/** The one tool of the benchmark's server. */
export const tool = {
  name: "get_order",
  description: "Reads one order",
  inputSchema: {
    type: "object" as const,
    properties: { id: { type: "integer" } },
    required: ["id"],
    additionalProperties: false,
  },
};
