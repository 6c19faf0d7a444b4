import * as z from "zod";

/** A connection's name. */
export const connectionInput: z.ZodString = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/)
  .describe("The connection's name, for example orders-db: list_operations shows them");

/** A grant's id, where several could be meant. */
export const grantInput: z.ZodOptional<z.ZodString> = z
  .string()
  .regex(/^gr_[0-9a-z]{16}$/)
  .optional()
  .describe("Which of your grants, where you hold several; my_grants shows them");
