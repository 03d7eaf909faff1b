/** Bytes. A real nutcracker.yml has a few kilobytes. */
export const maxNutcrackerBytes = 64 * 1024;
