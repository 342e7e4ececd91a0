import { defineCatalog, pack, usd } from 'tallystick'

/** Nobody is welcomed with credits: all that is there was paid for. */
export default defineCatalog({
  units: { credits: { name: 'Credits' } },
  actions: { chat: { credits: 1 } },
  packs: {
    starter: pack({ name: 'Starter', credits: 100, price: usd(10) }),
    power: pack({ name: 'Power', credits: 500, price: usd(40) }),
    pro: pack({ name: 'Pro', credits: '1500.5', price: usd(100) }),
    granted: pack({ name: 'Granted', credits: 250, price: usd(20), grantOn: 'entitlement' }),
  },
})
