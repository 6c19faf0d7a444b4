/** `customers` → `customer`, `categories` → `category`; what is no plural stays as it is. */
export function singular(word: string): string {
  if (/(?:ss|us|is|news|series)$/u.test(word)) return word;
  if (word.endsWith("ies") && word.length > 4) return word.replace(/ies$/u, "y");
  if (/(?:sh|ch|x|ss|z)es$/u.test(word)) return word.replace(/es$/u, "");
  return word.length > 3 ? word.replace(/s$/u, "") : word;
}
