import { z } from "zod";
import { controlCharacterIn } from "../control/plan/task-plan.ts";
import { roles } from "../people/role.ts";

const plain = (text: string) => controlCharacterIn(text) === null;

export const personName = z
  .string()
  .trim()
  .min(1, "a name is wanted")
  .max(80, "at most 80 characters")
  .refine(plain, "it holds a control character");
export const email = z.email("an e-mail address is wanted").max(200).toLowerCase();
/** Its length is looked at where it is hashed. */
export const newPassword = z.string().max(512);
export const role = z.enum(roles);
export const personId = z.object({ id: z.string().min(1).max(64) });
