/** How often a fault that strikes at a random moment is repeated: more with TEST_ROUNDS in the environment. */
export const rounds = (few: number): number => few * Number(process.env.TEST_ROUNDS ?? 1);
