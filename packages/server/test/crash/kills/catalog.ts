import { defineCatalog } from 'tallystick'

/** Nobody is welcomed with credits: all that is there was asked for by the load. */
export default defineCatalog({
  units: { credits: { name: 'Credits' } },
  actions: { chat: { credits: 1 } },
})
