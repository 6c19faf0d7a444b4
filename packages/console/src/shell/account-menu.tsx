import { Menu } from "@base-ui/react/menu";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useSession } from "../api/session.ts";
import { Badge } from "../components/badge.tsx";
import { Icon } from "../components/icons.tsx";
import { Person } from "../components/person.tsx";
import { Untrusted } from "../components/untrusted.tsx";
import { useSignOut } from "./sign-out.ts";
import { canNotify, chooseNotify, notifies } from "./notify.ts";
import { chooseTheme, storedTheme, type Theme } from "./theme.ts";

const themes: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: "system", label: "Same as device" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** Who I am, which roles I have, my sessions, light or dark, and the way out. */
export function AccountMenu(): ReactNode {
  const { me, method } = useSession();
  const { signOut, busy } = useSignOut();
  const [theme, setTheme] = useState(storedTheme);
  const [notify, setNotify] = useState(notifies);
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="account">
        <span className="avatar">
          <Icon name="person" size={16} />
        </span>
        <span className="visually-hidden">Account of</span>
        <span className="account-name">
          <Untrusted text={me.name} />
        </span>
        <Icon name="down" size={14} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={6} className="menu-positioner">
          <Menu.Popup className="menu">
            <div className="menu-who">
              <strong>
                <Person login={me.name} shown={me.display_name} />
              </strong>
              <span className="muted">signed in by {method === "saml" ? "SAML" : "OpenID Connect"}</span>
              <span className="row">
                {me.roles.length === 0 ? (
                  <Badge>no role</Badge>
                ) : (
                  me.roles.map((role) => (
                    <Badge key={role} tone="accent">
                      {role}
                    </Badge>
                  ))
                )}
              </span>
            </div>
            <Menu.Separator className="menu-line" />
            <Menu.RadioGroup
              value={theme}
              onValueChange={(value: Theme) => {
                setTheme(value);
                chooseTheme(value);
              }}
            >
              {themes.map((item) => (
                <Menu.RadioItem
                  key={item.value}
                  value={item.value}
                  className="menu-item"
                  closeOnClick={false}
                >
                  <span className="menu-mark">
                    <Menu.RadioItemIndicator>
                      <Icon name="check" size={16} />
                    </Menu.RadioItemIndicator>
                  </span>
                  {item.label}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            {me.roles.includes("reviewer") && canNotify() && (
              <>
                <Menu.Separator className="menu-line" />
                <Menu.CheckboxItem
                  checked={notify}
                  onCheckedChange={(on) => void chooseNotify(on).then(setNotify)}
                  className="menu-item"
                  closeOnClick={false}
                >
                  <span className="menu-mark">
                    <Menu.CheckboxItemIndicator>
                      <Icon name="check" size={16} />
                    </Menu.CheckboxItemIndicator>
                  </span>
                  Desktop notifications
                </Menu.CheckboxItem>
              </>
            )}
            <Menu.Separator className="menu-line" />
            <Menu.LinkItem className="menu-item" render={<Link to="/sessions" />} closeOnClick>
              <span className="menu-mark">
                <Icon name="person" size={16} />
              </span>
              Sessions
            </Menu.LinkItem>
            <Menu.Item className="menu-item" onClick={signOut} disabled={busy}>
              <span className="menu-mark">
                <Icon name="out" size={16} />
              </span>
              Sign out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
