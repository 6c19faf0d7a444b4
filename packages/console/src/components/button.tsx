import { Link, type LinkProps } from "@tanstack/react-router";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Icon, type IconName } from "./icons.tsx";

type Variant = "primary" | "secondary" | "danger" | "danger-quiet" | "ghost";

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "type"> {
  readonly variant?: Variant;
  readonly size?: "m" | "s";
  readonly icon?: IconName;
  /** Something runs: the button stays where it is and can't be pressed again. */
  readonly busy?: boolean;
  readonly type?: "button" | "submit";
}

function classes(variant: Variant, size: "m" | "s", more: string | undefined): string {
  return `button button-${variant} button-size-${size}${more === undefined ? "" : ` ${more}`}`;
}

/** A button. `secondary` unless it is the page's one main action. */
export function Button({
  variant = "secondary",
  size = "m",
  icon,
  busy = false,
  type = "button",
  className,
  disabled,
  children,
  ...rest
}: ButtonProps): ReactNode {
  return (
    <button
      {...rest}
      // oxlint-disable-next-line react/button-has-type -- it has: "button" unless the caller says "submit"
      type={type}
      className={classes(variant, size, className)}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A link that looks like a button, to a route of the console. */
export function LinkButton({
  variant = "secondary",
  size = "m",
  icon,
  children,
  ...link
}: LinkProps & {
  readonly variant?: Variant;
  readonly size?: "m" | "s";
  readonly icon?: IconName;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Link {...link} className={classes(variant, size, undefined)}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </Link>
  );
}
