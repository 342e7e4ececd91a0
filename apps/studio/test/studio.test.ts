import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExperimentReport, HistoryLine, LifeEvent } from '../shared/api.ts'
import { type Body, drawn, openStage, pay, png, type Stage, until } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const normal: Stage['model']['run'] = async (input) => drawn(input.onTile)

describe('a visitor', () => {
  it('is a customer by a cookie that scripts cannot read and other sites do not send', async () => {
    const visitor = await stage.visit()
    const cookie = visitor.page.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^darkroom=visitor_[0-9a-f]{24}\.[\w-]+;/)
    expect(cookie).toContain('HttpOnly')
    expect(cookie).toContain('SameSite=Lax')
    const first = await visitor.me()
    expect(first.balance.spendable).toBe('50')
    expect((await visitor.me()).customer).toBe(first.customer)
    expect((await (await stage.visit()).me()).customer).not.toBe(first.customer)
  })

  it('sees no picture and no order of another', async () => {
    const [ada, eve] = await Promise.all([stage.visit(), stage.visit()])
    const job = await ada.start('image.standard')
    const order = await ada.buy('starter')
    expect((await eve.ask('GET', `/api/jobs/${job.id}`)).status).toBe(404)
    expect((await eve.ask('GET', `/api/jobs/${job.id}/before.png`)).status).toBe(404)
    expect((await eve.ask('GET', `/api/orders/${order.id}`)).status).toBe(404)
  })

  it('is not acted for by another site’s page', async () => {
    const visitor = await stage.visit()
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect((await visitor.ask('POST', '/api/jobs?action=image.hires', png, headers)).status).toBe(403)
    expect((await visitor.me()).balance.spendable).toBe('50')
  })
})

describe('a picture', () => {
  it('costs what its button says, and its receipt says who paid', async () => {
    const visitor = await stage.visit()
    const { id } = await visitor.start('image.hires')
    const job = await visitor.until(id, 'done')
    expect(job.receipt).toMatchObject({ held: '5', used: '5', left: '45', settled: true })
    expect(job.receipt?.paid_from).toMatchObject([{ name: 'Welcome gift', credits: '5' }])
    const result = await visitor.ask('GET', `/api/jobs/${id}/after.png`)
    expect(result.headers.get('content-type')).toBe('image/png')
    expect((await result.arrayBuffer()).byteLength).toBeGreaterThan(50)
    const { data } = await visitor.read<{ data: HistoryLine[] }>('GET', '/api/history')
    expect(data.map(({ kind, title, credits }) => [kind, title, credits])).toEqual([
      ['spent', 'Enlarge 4×', '5'],
      ['given', 'Welcome gift', '50'],
    ])
  })

  it('costs nothing when the model fails', async () => {
    stage.model.run = () => Promise.reject(new Error('out of light'))
    const visitor = await stage.visit()
    const job = await visitor.until((await visitor.start('image.hires')).id, 'failed')
    stage.model.run = normal
    expect(job).toMatchObject({ receipt: null, failure: 'It went wrong: out of light' })
    expect((await visitor.me()).balance).toMatchObject({ spendable: '50', held: '0' })
  })

  it('costs nothing when the visitor stops it', async () => {
    stage.model.run = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
    const visitor = await stage.visit()
    const { id } = await visitor.start('image.hires')
    await visitor.until(id, 'developing')
    expect((await visitor.me()).balance).toMatchObject({ spendable: '45', held: '5' })
    await visitor.ask('DELETE', `/api/jobs/${id}`)
    stage.model.run = normal
    expect((await visitor.until(id, 'failed')).failure).toBe('You stopped it.')
    expect((await visitor.me()).balance).toMatchObject({ spendable: '50', held: '0' })
  })

  it('that is no PNG, too large, or of an unknown action is refused before credits are asked for', async () => {
    const visitor = await stage.visit()
    const post = async (path: string, body: Body) => (await visitor.ask('POST', path, body)).status
    expect(await post('/api/jobs?action=image.standard', 'not a picture')).toBe(400)
    expect(await post('/api/jobs?action=chat', png)).toBe(400)
    const huge = png.slice()
    new DataView(huge.buffer).setUint32(16, 30_000)
    new DataView(huge.buffer).setUint32(20, 30_000)
    expect(await post('/api/jobs?action=image.standard', huge)).toBe(400)
    expect(await post('/api/jobs?action=image.standard', new Uint8Array(3_000_000))).toBe(413)
    const { data } = await visitor.read<{ data: LifeEvent[] }>('GET', '/api/life')
    expect(data).toEqual([])
  })
})

describe('the wall', () => {
  it('holds a picture until the pack is paid for, and lets it go on by itself', async () => {
    const visitor = await stage.visit()
    const { customer } = await visitor.me()
    await stage.credits.charge({ customer, credits: '47' })
    const { id } = await visitor.start('image.hires')
    const waiting = await visitor.until(id, 'waiting')
    expect(waiting.wall).toEqual({
      required: '5',
      spendable: '3',
      missing: '2',
      unit: 'credits',
      pack: 'starter',
    })

    const order = await visitor.buy('power')
    // Coming back is no proof of anything.
    await visitor.ask('GET', '/?back=paid&payment_id=pay_forged&status=succeeded')
    expect((await visitor.job(id)).state).toBe('waiting')

    await pay(order.checkout_url ?? '', '4000 0000 0000 0002')
    await pay(order.checkout_url ?? '')
    const job = await visitor.until(id, 'done')
    expect(job.receipt).toMatchObject({ held: '5', used: '5', left: '498' })
    expect(job.receipt?.paid_from.map(({ name, credits }) => [name, credits])).toEqual([
      ['Welcome gift', '3'],
      ['Power', '2'],
    ])
    const { data } = await visitor.read<{ data: LifeEvent[] }>('GET', '/api/life')
    const nodes = new Set(data.map(({ node }) => node))
    expect([...nodes].sort()).toEqual(
      [
        'balance',
        'buy',
        'check',
        'hold',
        'payment',
        'request',
        'result',
        'session',
        'top-up',
        'webhook',
      ].sort(),
    )
    const webhook = data.findLast(({ node }) => node === 'webhook')
    expect(webhook?.raw?.headers['webhook-signature']).toMatch(/^v1,/)
    expect(JSON.parse(webhook?.raw?.body ?? '')).toMatchObject({ type: 'payment.succeeded' })
  })

  it('lets a picture go on when the credits come by another way', async () => {
    const visitor = await stage.visit()
    const { customer } = await visitor.me()
    await stage.credits.charge({ customer, credits: '50' })
    const { id } = await visitor.start('image.standard')
    await visitor.until(id, 'waiting')
    await stage.credits.grant({ customer, credits: '10', source: 'gift', name: 'From the operator' })
    await visitor.me()
    expect((await visitor.until(id, 'done')).receipt?.paid_from).toMatchObject([
      { name: 'From the operator' },
    ])
  })
})

describe('a restart', () => {
  it('keeps pictures and receipts, and the credits of an order that was paid meanwhile', async () => {
    const visitor = await stage.visit()
    const { id } = await visitor.start('image.standard')
    const before = await visitor.until(id, 'done')
    const order = await visitor.buy('starter')
    await stage.restart()
    await pay(order.checkout_url ?? '')
    expect(await visitor.job(id)).toEqual(before)
    const me = await until(
      async () => (await visitor.me()).balance.spendable === '149',
      () => visitor.me(),
    )
    expect(me.balance.lots.map(({ name }) => name)).toEqual(['Welcome gift', 'Starter'])
  })

  it('gives back what a picture held that was not made yet', async () => {
    stage.model.run = () => new Promise(() => {})
    const visitor = await stage.visit()
    const { id } = await visitor.start('image.hires')
    await visitor.until(id, 'developing')
    const { settled } = await stage.restart()
    await settled
    stage.model.run = normal
    expect(await visitor.job(id)).toMatchObject({ state: 'failed', receipt: null })
    expect((await visitor.me()).balance).toMatchObject({ spendable: '50', held: '0' })
  })
})

describe('try to break it', () => {
  async function experiment(name: string) {
    const visitor = await stage.visit()
    const order = await visitor.buy('starter')
    await pay(order.checkout_url ?? '')
    await until(
      async () => {
        const { data } = await visitor.read<{ data: LifeEvent[] }>('GET', '/api/life')
        return data.some(({ node }) => node === 'balance')
      },
      () => visitor.me(),
    )
    const report = await visitor.read<ExperimentReport>('POST', `/api/break/${name}`)
    return { visitor, report }
  }

  it.each([
    ['fire', '10 pictures, 40 refusals (402), 0 credits left'],
    ['replay', '200, 200, 200, 200, 200; 150 credits before, 150 after'],
    ['forge', '401, 401, 401, 401; 150 credits before, 150 after'],
    ['fail', '1 held, then released: 150 credits'],
  ])('%s ends as promised, and the ledger balances', async (name, happened) => {
    if (name === 'fail') {
      stage.model.run = async (input) => {
        const result = drawn(input.onTile)
        input.signal?.throwIfAborted()
        return result
      }
    }
    const { visitor, report } = await experiment(name)
    stage.model.run = normal
    expect(report).toMatchObject({ happened, passed: true })
    expect(report.verification?.differences).toBe(0)
    expect(report.verification?.entries).toBeGreaterThan(0)
    expect((await visitor.me()).balance.spendable).toBe('150')
  })

  it('forge shows four refusals to somebody who bought nothing yet, each for its own reason', async () => {
    const visitor = await stage.visit()
    const report = await visitor.read<ExperimentReport>('POST', '/api/break/forge')
    expect(report).toMatchObject({
      expected: '4 refusals (401), and the balance as it was',
      happened: '401, 401, 401, 401; 50 credits before, 50 after',
      passed: true,
    })
    const unfit = '401 invalid_signature. No signature fits the body that arrived. Nothing was stored.'
    expect(report.details).toEqual([
      `Signed with a wrong secret: ${unfit}`,
      `True signature, altered body: ${unfit}`,
      `True signature, body parsed and written again: ${unfit}`,
      'Signed with the right secret ten minutes ago: 401 invalid_signature. The message was signed more than five minutes ago. Nothing was stored.',
    ])
  })

  it('is not there in production', async () => {
    await stage.restart({ isDev: false })
    const visitor = await stage.visit()
    expect((await visitor.me()).dev).toBe(false)
    for (const name of ['fire', 'replay', 'forge', 'fail', 'kill']) {
      expect((await visitor.ask('POST', `/api/break/${name}`)).status).toBe(404)
    }
    await stage.restart()
  })
})
