import type { ReactNode } from "react";
import mark from "../styles/mayfly.svg";

/** The name, with its mark. */
export function Brand(): ReactNode {
  return (
    <span className="brand">
      <img src={mark} width={26} height={26} alt="" />
      Mayfly
    </span>
  );
}
