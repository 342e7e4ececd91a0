// What the standard fonts of PDF can write: Latin-1 and these.
const beyondLatin1 = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ'

// Latin letters that fall apart into nothing when their accents are taken off.
const plain: Readonly<Record<string, string>> = {
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ħ: 'h',
  Ħ: 'H',
  ı: 'i',
  ŋ: 'n',
}

function isWritable(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  return (code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0xff) || beyondLatin1.includes(character)
}

/** A text as the standard fonts can write it; `isWhole` is false when a letter had to become a `?`. */
export function latinOf(text: string): { text: string; isWhole: boolean } {
  let isWhole = true
  let latin = ''
  for (const character of text.normalize('NFC')) {
    const bare = plain[character] ?? character.normalize('NFKD').replaceAll(/\p{M}/gu, '')
    if (isWritable(character)) latin += character
    else if (bare !== '' && Array.from(bare).every(isWritable)) latin += bare
    else {
      latin += '?'
      isWhole = false
    }
  }
  return { text: latin, isWhole }
}
