/** With a capital at its start: the catalogue's sentences may begin with a role ("shard alpha-1 at …"). */
export function capitalized(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
