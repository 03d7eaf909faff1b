import { z } from "zod";
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from "../people/password-length.ts";
import { roles } from "../people/role.ts";
import { controlCharacterIn } from "../redis/control-character.ts";

export { SHORTEST_PASSWORD } from "../people/password-length.ts";

export const name = z
  .string()
  .trim()
  .min(1, "Give a name.")
  .max(80, "Use at most 80 characters.")
  .refine((text) => controlCharacterIn(text) === null, "Use a name without control characters.");

const email = z
  .email("Give an e-mail address, such as ann@example.com.")
  .max(200, "Use at most 200 characters.")
  .toLowerCase();

export const newPassword = z
  .string()
  .min(SHORTEST_PASSWORD, `Use at least ${SHORTEST_PASSWORD} characters.`)
  .max(LONGEST_PASSWORD, `Use at most ${LONGEST_PASSWORD} characters.`);

/** A password that was chosen before: whether it is right is for the login to say. */
export const password = z.string().min(1, "Enter the password.").max(512);

export const role = z.enum(roles);
export const personId = z.object({ id: z.string().min(1).max(64) });

/** What somebody signs in with. The address is taken as it is typed: an account is found by it or not. */
export const signInInput = z.object({
  email: z.string().trim().min(1, "Enter your e-mail address.").max(200),
  password,
});
export const setUpInput = z.object({ name, email, password: newPassword });
/** `secret` is the end of the link. */
export const acceptInput = z.object({ secret: z.string().max(100), password: newPassword });
export const passwordChange = z.object({ current: password, next: newPassword });
export const inviteInput = z.object({ name, email, role });
/** What viewers do not see. */
export const maskingInput = z.object({ values: z.boolean(), keys: z.boolean(), hosts: z.boolean() });
export const tokenInput = z.object({ name, role, expiresInDays: z.number().int().min(1).max(365) });
