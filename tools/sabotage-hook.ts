/** Loaded before a program (`--import`): plants the fault that the environment names into our sources as they are loaded. */
import { registerHooks } from 'node:module'
import { sourceWithFault } from './sabotage.ts'

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const source = sourceWithFault(url)
    return source === undefined ? loaded : { ...loaded, source }
  },
})
