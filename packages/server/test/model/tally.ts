/** How often each thing occurred in the histories that were played. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(...name: readonly string[]): void {
    const joined = name.join(' ')
    this.#counts.set(joined, this.count(joined) + 1)
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** Of all whose name begins with this word. */
  sum(word: string): number {
    return [...this.#counts].reduce(
      (all, [name, count]) => (name.startsWith(`${word} `) ? all + count : all),
      0,
    )
  }

  /** One line a name, for people. */
  table(): string {
    return [...this.#counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${String(count).padStart(8)}  ${name}`)
      .join('\n')
  }
}
