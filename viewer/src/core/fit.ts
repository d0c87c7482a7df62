/** How well `text` fits: 0 not at all; a name that begins so before one that holds it. */
export function fit(text: string, words: readonly string[]): number {
  const lower = text.toLowerCase();
  if (!words.every((w) => lower.includes(w))) return 0;
  const first = words[0] ?? "";
  return lower === words.join(" ") ? 4 : lower.startsWith(first) ? 3 : new RegExp(`(^|[^a-z0-9])${first.replace(/[^a-z0-9]/g, "\\$&")}`).test(lower) ? 2 : 1;
}
