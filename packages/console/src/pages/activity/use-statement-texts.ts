import { useEffect, useState } from "react";
import { type StatementTexts, statementTexts, type WithAct } from "./statement-texts.ts";

const noTexts: StatementTexts = new Map();

/** The texts of the statements that some of these name by digest, as soon as they are hashed. */
export function useStatementTexts(records: readonly WithAct[]): StatementTexts {
  const [texts, setTexts] = useState(noTexts);
  useEffect(() => {
    let current = true;
    statementTexts(records).then(
      (found) => current && setTexts(found),
      // Without WebCrypto the digests stay digests; the records themselves are all there.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [records]);
  return texts;
}
