import { defineCatalog, pack, usd } from 'tallystick'

/** What Darkroom sells, and what it asks for it: one credit is worth ten cents. */
export default defineCatalog({
  units: { credits: { name: 'Credits' } },
  actions: {
    'image.standard': { credits: 1, name: 'Enlarge 2×' },
    'image.hires': { credits: 5, name: 'Enlarge 4×' },
    'chat.mini': { credits: 2, name: 'Short chat' },
    chat: { credits: 10, name: 'Chat' },
  },
  packs: {
    starter: pack({ name: 'Starter', credits: 100, price: usd(10) }),
    power: pack({ name: 'Power', credits: 500, price: usd(40) }),
    pro: pack({ name: 'Pro', credits: 1500, price: usd(100) }),
  },
  welcome: { credits: 50, name: 'Welcome gift' },
})
