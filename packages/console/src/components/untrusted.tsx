import { Fragment, type ReactNode } from "react";
import { visibleParts } from "./visible.ts";

/**
 * Text that somebody else wrote, an agent above all: shown as text, each hidden character by its name, and kept
 * from changing the direction of what stands around it. Every such text in the console goes through here.
 */
export function Untrusted({ text }: { text: string }): ReactNode {
  const parts = visibleParts(text);
  return (
    <bdi className="untrusted">
      {parts.map((part, index) =>
        part.hidden ? (
          // oxlint-disable-next-line react/no-array-index-key -- the parts of one text have no other name
          <mark key={index} className="unseen" title="A character that would not be seen">
            {part.text}
          </mark>
        ) : (
          // oxlint-disable-next-line react/no-array-index-key -- as above
          <Fragment key={index}>{part.text}</Fragment>
        ),
      )}
    </bdi>
  );
}

/** A statement, a request line, a command: untrusted, in fixed width, wrapped. */
export function Code({ text }: { text: string }): ReactNode {
  return (
    <pre className="code">
      <Untrusted text={text} />
    </pre>
  );
}
