/**
 * With a capital at its start: the catalogue's sentences may begin with a role ("shard alpha-1 at …"). What is no word,
 * such as an address or a URL, stays as it is written.
 */
export function capitalized(sentence: string): string {
  const word = /^[a-z]+(?=[\s,.]|$)(?!\.\S)/.test(sentence);
  return word ? sentence.charAt(0).toUpperCase() + sentence.slice(1) : sentence;
}
