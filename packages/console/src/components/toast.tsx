import { Toast } from "@base-ui/react/toast";
import type { ReactNode } from "react";
import { Icon } from "./icons.tsx";

const manager = Toast.createToastManager();

/** Says that something is done, or was not. Never the only place where an error is told. */
export function toast(title: string, tone: "good" | "bad" | "info" = "good", description?: string): void {
  manager.add({
    title,
    type: tone,
    priority: tone === "bad" ? "high" : "low",
    ...(description === undefined ? {} : { description }),
  });
}

function Toasts(): ReactNode {
  const { toasts } = Toast.useToastManager();
  return toasts.map((item) => (
    // A group, not the dialog that the library makes of it: nothing has to be answered here.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a fieldset is for forms
    <Toast.Root key={item.id} toast={item} className={`toast toast-${item.type ?? "info"}`} role="group">
      <Icon name={item.type === "bad" ? "warning" : item.type === "good" ? "check" : "info"} />
      <Toast.Content className="toast-content">
        <Toast.Title className="toast-title" />
        <Toast.Description className="toast-description" />
      </Toast.Content>
      <Toast.Close className="button button-ghost button-size-s button-icon" aria-label="Dismiss">
        <Icon name="cross" size={16} />
      </Toast.Close>
    </Toast.Root>
  ));
}

/** Where toasts appear; once, around the whole console. */
export function ToastArea({ children }: { children: ReactNode }): ReactNode {
  return (
    <Toast.Provider toastManager={manager} timeout={6000} limit={4}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="toast-viewport">
          <Toasts />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
