/** Characters. A sentence of a few words has more, and hashing takes no longer for it. */
export const SHORTEST_PASSWORD = 10;
export const LONGEST_PASSWORD = 128;
