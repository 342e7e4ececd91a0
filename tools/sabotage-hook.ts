/** Loaded before a program (`--import`): plants the faults that the environment names into our sources as they are loaded. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { type Edit, editsVariable, planted, urlOf } from './sabotage.ts'

const edits: Edit[] = JSON.parse(process.env[editsVariable] ?? '[]')
const editsByUrl = Map.groupBy(edits, (edit) => urlOf(edit).href)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const its = editsByUrl.get(url)
    if (its === undefined) return loaded
    const source = its.reduce((text, edit) => planted(edit, text), readFileSync(new URL(url), 'utf8'))
    return { ...loaded, source }
  },
})
