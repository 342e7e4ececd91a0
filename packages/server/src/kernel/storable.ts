/**
 * The text with U+FFFD, the mark of a character that cannot be shown, in place of what Postgres cannot keep: NUL, and halves of surrogate pairs. JSON can write
 * both, so others may send them.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}
