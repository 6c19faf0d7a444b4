import { expect, it } from "vitest";
import { sensitivityOf } from "./sensitive.ts";

it.each([
  "password",
  "password_hash",
  "passwordHash",
  "USER_PWD",
  "apikey",
  "api_key",
  "apiKey",
  "stripe-api-keys",
  "private key",
  "access_token",
  "token",
  "tokens2",
  "client_secret",
  "ssn",
  "iban",
  "card_number",
  "tax_id",
  "social_security_no",
  "recovery_codes",
  "totp",
  "pin",
  "license_key",
])("%s looks secret", (name) => expect(sensitivityOf(name)).toBe("secret"));

it.each([
  "email",
  "Email2",
  "e_mail",
  "billing_address",
  "billingAddress",
  "phone",
  "first_name",
  "lastName",
  "full-name",
  "surname",
  "date_of_birth",
  "dob",
  "salary",
  "client_ip",
  "zip",
])("%s looks personal", (name) => expect(sensitivityOf(name)).toBe("personal"));

it.each([
  "id",
  "name",
  "key",
  "keys",
  "status",
  "spin",
  "pinned",
  "tokenizer",
  "mailbox",
  "tip",
  "ship_to",
  "zipped",
  "api",
  "api_monkey",
  "private",
  "filename",
  "salty",
  "number",
  "card",
  "first",
  "",
  "заказ",
  "😀",
])("%j says nothing", (name) => expect(sensitivityOf(name)).toBeUndefined());

it("takes what is secret before what is personal", () => {
  expect(sensitivityOf("email_token")).toBe("secret");
});
