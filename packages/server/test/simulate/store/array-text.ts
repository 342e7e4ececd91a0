/** The elements of an array as Postgres reads its text: `{a,"b,\"c",NULL}`. */
export function elementsOf(text: string): (string | null)[] {
  if (text === '{}') return []
  if (!text.startsWith('{') || !text.endsWith('}'))
    throw new Error(`This is not the text of an array: ${text}`)
  if (!text.includes('"'))
    return text
      .slice(1, -1)
      .split(',')
      .map((element) => (element === 'NULL' ? null : element))
  const elements: (string | null)[] = []
  let place = 1
  while (place < text.length) {
    if (text.charAt(place) === '"') {
      let element = ''
      for (place += 1; text.charAt(place) !== '"'; place += 1) {
        if (place >= text.length) throw new Error(`The array has a quote without an end: ${text}`)
        if (text.charAt(place) === '\\') place += 1
        element += text.charAt(place)
      }
      place += 1
      elements.push(element)
    } else {
      const end = text.slice(place).search(/[,}]/) + place
      const element = text.slice(place, end)
      elements.push(element === 'NULL' ? null : element)
      place = end
    }
    if (!/[,}]/.test(text.charAt(place))) throw new Error(`Elements are divided by commas: ${text}`)
    place += 1
  }
  return elements
}
