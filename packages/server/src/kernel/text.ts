/** Which text can be kept: asked by both doors, in the same words. */

/** Of the names that the catalog gives. */
export const catalogNameCharactersMax = 100

const customerIdCharactersMax = 255

const nul = String.fromCharCode(0)

/** What is wrong with text that people read; undefined for nothing. */
export function issueOfText(text: string, charactersMax: number): string | undefined {
  if (!hasCharacters(text, charactersMax)) return `must have 1 to ${charactersMax} characters.`
  return isStorable(text) ? undefined : 'must be well-formed Unicode without NUL.'
}

/** What is wrong with a customer's id; undefined for nothing. */
export function issueOfCustomerId(id: string): string | undefined {
  if (!hasCharacters(id, customerIdCharactersMax))
    return `must have 1 to ${customerIdCharactersMax} characters.`
  if (isStorable(id) && id !== '.' && id !== '..') return undefined
  return 'must be well-formed Unicode without NUL, and neither "." nor "..", which a URL cannot carry.'
}

/** A character beyond the first 65,536 is two units long. Counted only where that matters. */
function hasCharacters(text: string, charactersMax: number): boolean {
  if (text.length <= charactersMax) return text.length > 0
  return text.length <= 2 * charactersMax && Array.from(text).length <= charactersMax
}

/** Postgres stores no NUL, and a lone surrogate has no UTF-8. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes(nul)
}
