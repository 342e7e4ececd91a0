import { defineCatalog, pack, usd } from 'tallystick'

export default defineCatalog({
  units: { credits: { name: 'Credits' } },
  actions: {
    'image.standard': { credits: 1, name: 'Enlarge 2×' },
    'image.hires': { credits: 5, name: 'Enlarge 4×' },
  },
  packs: {
    starter: pack({ name: 'Starter', credits: 100, price: usd(10) }),
    power: pack({ name: 'Power', credits: 500, price: usd(40) }),
  },
  welcome: { credits: 50, name: 'Welcome gift' },
})
