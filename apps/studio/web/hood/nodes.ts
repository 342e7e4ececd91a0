import type { LifeNode } from '../../shared/api.ts'

export interface NodePlace {
  node: LifeNode
  title: string
  about: string
  /** Column and row in the diagram. */
  x: 0 | 1 | 2
  y: 0 | 1 | 2 | 3
}

/** Money in along the top, round the corner, and the call along the bottom: the life of a credit, read like a page. */
export const places: readonly NodePlace[] = [
  { node: 'buy', title: 'Buy', about: 'You choose a pack.', x: 0, y: 0 },
  {
    node: 'session',
    title: 'Session',
    about: 'The server freezes the order and opens a checkout session at Dodo.',
    x: 1,
    y: 0,
  },
  {
    node: 'payment',
    title: 'Payment',
    about: 'You pay at Dodo. What the browser says afterwards counts for nothing.',
    x: 2,
    y: 0,
  },
  {
    node: 'webhook',
    title: 'Webhook',
    about: 'Dodo’s signed message. It is verified byte for byte, stored, and only then answered.',
    x: 2,
    y: 1,
  },
  {
    node: 'balance',
    title: 'Balance',
    about: 'The order is credited: one lot, granted once, in one transaction.',
    x: 1,
    y: 1,
  },
  { node: 'request', title: 'Request', about: 'You ask for a picture.', x: 0, y: 1 },
  {
    node: 'check',
    title: 'Check',
    about: 'The wallet is locked, settled and asked: is there enough?',
    x: 0,
    y: 2,
  },
  {
    node: 'hold',
    title: 'Hold and call',
    about: 'The credits are set aside, and the model runs.',
    x: 1,
    y: 2,
  },
  {
    node: 'result',
    title: 'Result',
    about: 'The hold is captured, or released when the model failed. Hence the new balance.',
    x: 2,
    y: 2,
  },
  {
    node: 'top-up',
    title: 'Top-up prompt',
    about: 'Too little: nothing is taken, the picture waits, and the pack that covers it is named.',
    x: 0,
    y: 3,
  },
]

export const arrows: readonly { from: LifeNode; to: LifeNode; label?: string }[] = [
  { from: 'buy', to: 'session' },
  { from: 'session', to: 'payment' },
  { from: 'payment', to: 'webhook' },
  { from: 'webhook', to: 'balance' },
  { from: 'balance', to: 'request' },
  { from: 'request', to: 'check' },
  { from: 'check', to: 'hold', label: 'enough' },
  { from: 'hold', to: 'result' },
  { from: 'result', to: 'balance' },
  { from: 'check', to: 'top-up', label: 'too little' },
  { from: 'top-up', to: 'buy' },
]
