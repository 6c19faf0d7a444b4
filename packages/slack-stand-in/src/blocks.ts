/** Slack's limits of a block's texts, by the block's type: characters. */
const MAX_CHARACTERS: Readonly<Record<string, number>> = {
  header: 150,
  section: 3000,
  context: 2000,
  button: 75,
};

/**
 * What Slack would not take about a message's blocks.
 * @returns an error code of Slack's, or undefined
 */
export function problemOfBlocks(blocks: unknown): string | undefined {
  if (!Array.isArray(blocks) || blocks.length > 50) return "invalid_blocks";
  for (const block of blocks as Record<string, unknown>[]) {
    const maxCharacters = MAX_CHARACTERS[String(block["type"])] ?? 0;
    const fields = block["fields"];
    const elements = (block["elements"] ?? []) as Record<string, unknown>[];
    const texts = [block["text"], ...(block["type"] === "context" ? elements : [])];
    if (texts.some((text) => isBad(text, maxCharacters))) return "invalid_blocks";
    if (Array.isArray(fields) && (fields.length > 10 || fields.some((one) => isBad(one, 2000))))
      return "invalid_blocks";
    if (block["type"] !== "actions") continue;
    if (elements.length > 25) return "invalid_blocks";
    for (const element of elements) {
      const value = element["value"];
      if (isBad(element["text"], MAX_CHARACTERS["button"] ?? 0)) return "invalid_blocks";
      if (typeof value === "string" && value.length > 2000) return "invalid_blocks";
    }
  }
  return undefined;
}

function isBad(object: unknown, maxCharacters: number): boolean {
  if (object === undefined) return false;
  if (typeof object !== "object" || object === null) return true;
  const { type, text } = object as { type?: unknown; text?: unknown };
  if (type !== "plain_text" && type !== "mrkdwn") return true;
  return typeof text !== "string" || text.length === 0 || text.length > maxCharacters;
}
