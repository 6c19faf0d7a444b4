import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";

interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  /** The label is for screen readers alone; the place says what it is. */
  readonly quiet?: boolean;
}

function Frame({
  id,
  label,
  hint,
  error,
  quiet = false,
  children,
}: FieldProps & { id: string; children: ReactNode }): ReactNode {
  return (
    <div className="field">
      <label htmlFor={id} className={quiet ? "visually-hidden" : "field-label"}>
        {label}
      </label>
      {children}
      {error !== undefined && (
        <p className="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

function described(id: string, { hint, error }: FieldProps): Record<string, unknown> {
  const ids = [
    ...(error === undefined ? [] : [`${id}-error`]),
    ...(hint === undefined ? [] : [`${id}-hint`]),
  ];
  return {
    ...(ids.length === 0 ? {} : { "aria-describedby": ids.join(" ") }),
    ...(error === undefined ? {} : { "aria-invalid": true }),
  };
}

type Given = { readonly [name in keyof FieldProps]: FieldProps[name] | undefined } & Pick<
  FieldProps,
  "label"
>;

/** What a field's frame and its control are given: the same id, and what is said of the control beside it. */
function useField({ label, hint, error, quiet }: Given): {
  readonly frame: FieldProps & { readonly id: string };
  readonly control: Readonly<Record<string, unknown>>;
} {
  const id = useId();
  const field = { label, ...(quiet === undefined ? {} : { quiet }), hint, error };
  return { frame: { id, ...field }, control: { id, ...described(id, field) } };
}

/** One line of text, with its label. */
export function TextField({
  label,
  hint,
  error,
  quiet,
  ref,
  ...rest
}: FieldProps & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }): ReactNode {
  const { frame, control } = useField({ label, hint, error, quiet });
  return (
    <Frame {...frame}>
      <input ref={ref} className="input" {...rest} {...control} />
    </Frame>
  );
}

/** Several lines of text, with their label. */
export function TextArea({
  label,
  hint,
  error,
  quiet,
  ref,
  ...rest
}: FieldProps & TextareaHTMLAttributes<HTMLTextAreaElement> & { ref?: Ref<HTMLTextAreaElement> }): ReactNode {
  const { frame, control } = useField({ label, hint, error, quiet });
  return (
    <Frame {...frame}>
      <textarea ref={ref} className="input" rows={3} {...rest} {...control} />
    </Frame>
  );
}

/** One of a few, with its label: the browser's own control, which phones know best. */
export function SelectField({
  label,
  hint,
  error,
  quiet,
  options,
  ...rest
}: FieldProps &
  SelectHTMLAttributes<HTMLSelectElement> & {
    readonly options: readonly { readonly value: string; readonly label: string }[];
  }): ReactNode {
  const { frame, control } = useField({ label, hint, error, quiet });
  return (
    <Frame {...frame}>
      <select className="input select" {...rest} {...control}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

/** Yes or no, with its label beside it. */
export function Checkbox({
  label,
  ...rest
}: { readonly label: ReactNode } & InputHTMLAttributes<HTMLInputElement>): ReactNode {
  const id = useId();
  return (
    <div className="checkbox">
      <input id={id} type="checkbox" {...rest} />
      <label htmlFor={id}>{label}</label>
    </div>
  );
}
