/** What must hold when things happen in the same moment: requests, watchers, and a start after a kill. */
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Job, LifeEvent } from '../shared/api.ts'
import { drawn, openStage, pay, png, type Stage, until } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())
afterEach(() => {
  stage.network.isAway = false
  stage.model.run = normal
})

const normal: Stage['model']['run'] = async (input) => drawn(input.onTile)

/** A model that gives its picture when it is told to. */
function gated(): () => void {
  const gate = Promise.withResolvers<void>()
  stage.model.run = async (input) => {
    await gate.promise
    return drawn(input.onTile)
  }
  return gate.resolve
}

async function visitorWith(credits: number) {
  const visitor = await stage.visit()
  const { customer, balance } = await visitor.me()
  await stage.credits.charge({ customer, credits: String(Number(balance.spendable) - credits) })
  return { visitor, customer }
}

describe('pictures that wait', () => {
  it('are paid for once each, however many ask for them to go on', async () => {
    const { visitor, customer } = await visitorWith(0)
    const jobs = await Promise.all([visitor.start('image.hires'), visitor.start('image.hires')])
    await Promise.all(jobs.map(({ id }) => visitor.until(id, 'waiting')))
    stage.model.run = async (input) => {
      await pause(40)
      return drawn(input.onTile)
    }
    await stage.credits.grant({ customer, credits: '30', source: 'gift', name: 'From the operator' })
    await Promise.all([visitor.me(), visitor.me(), visitor.me()])
    await Promise.all(jobs.map(({ id }) => visitor.until(id, 'done')))
    // A run too many would begin only now.
    await pause(300)
    expect((await visitor.me()).balance).toMatchObject({ spendable: '20', held: '0' })
  })

  it('are tried again when credits come while others are being made', async () => {
    const { visitor, customer } = await visitorWith(0)
    const jobs = await Promise.all([visitor.start('image.hires'), visitor.start('image.hires')])
    await Promise.all(jobs.map(({ id }) => visitor.until(id, 'waiting')))
    const open = gated()
    const grant = () =>
      stage.credits.grant({ customer, credits: '5', source: 'gift', name: 'From the operator' })
    await grant()
    await visitor.me()
    await until(
      async () => (await visitor.me()).balance.held === '5',
      () => visitor.me(),
    )
    await grant()
    await visitor.me()
    open()
    const done = await Promise.all(jobs.map(({ id }) => visitor.until(id, 'done')))
    expect(done.map(({ receipt }) => receipt?.used)).toEqual(['5', '5'])
  })

  it('go on once when two pages say so', async () => {
    const { visitor, customer } = await visitorWith(0)
    const { id } = await visitor.start('image.standard')
    await visitor.until(id, 'waiting')
    await stage.credits.grant({ customer, credits: '10', source: 'gift', name: 'From the operator' })
    const run = async () => (await visitor.ask('POST', `/api/jobs/${id}/run`)).status
    expect((await Promise.all([run(), run()])).sort()).toEqual([202, 409])
    await visitor.until(id, 'done')
    expect((await visitor.me()).balance).toMatchObject({ spendable: '9', held: '0' })
  })
})

describe('a visitor in a hurry', () => {
  it('has three pictures made at once, also when twelve are asked for in one moment', async () => {
    const open = gated()
    const visitor = await stage.visit()
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => visitor.ask('POST', '/api/jobs?action=image.standard', png)),
    )
    const accepted = answers.filter(({ status }) => status === 202)
    expect(accepted).toHaveLength(3)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(9)
    open()
    const jobs = await Promise.all(accepted.map((answer) => answer.json() as Promise<Job>))
    await Promise.all(jobs.map(({ id }) => visitor.until(id, 'done')))
    expect((await visitor.start('image.standard')).state).toBe('asking')
  })
})

describe('recovery', () => {
  it('lets alone what is being made', async () => {
    const open = gated()
    const visitor = await stage.visit()
    const { id } = await visitor.start('image.hires')
    await visitor.until(id, 'developing')
    const { settled } = await stage.recoverAgain()
    await settled
    expect((await visitor.job(id)).state).toBe('developing')
    open()
    expect((await visitor.until(id, 'done')).receipt).toMatchObject({ used: '5', left: '45' })
  })

  it('goes on until the credits server answers, and keeps nobody waiting meanwhile', async () => {
    gated()
    const [ada, eve] = await Promise.all([stage.visit(), stage.visit()])
    const [{ id }, other] = await Promise.all([ada.start('image.hires'), eve.start('image.hires')])
    await Promise.all([ada.until(id, 'developing'), eve.until(other.id, 'developing')])
    stage.network.isAway = true
    const began = performance.now()
    const { settled } = await stage.restart()
    expect(performance.now() - began).toBeLessThan(900)
    // Longer than the client itself tries.
    await pause(1_500)
    expect(await ada.job(id)).toMatchObject({ state: 'developing' })
    stage.network.isAway = false
    await settled
    expect(await ada.job(id)).toMatchObject({ state: 'failed', receipt: null })
    expect(await eve.job(other.id)).toMatchObject({ state: 'failed', receipt: null })
    expect((await ada.me()).balance).toMatchObject({ spendable: '50', held: '0' })
  })

  it('ends when the visitor stops it', async () => {
    gated()
    const visitor = await stage.visit()
    const { id } = await visitor.start('image.hires')
    await visitor.until(id, 'developing')
    stage.network.isAway = true
    const { settled } = await stage.restart()
    expect((await visitor.ask('DELETE', `/api/jobs/${id}`)).status).toBe(204)
    await settled
    expect(await visitor.job(id)).toMatchObject({ state: 'failed', failure: 'You stopped it.' })
  })
})

describe('an order', () => {
  const life = async (visitor: Awaited<ReturnType<Stage['visit']>>) =>
    (await visitor.read<{ data: LifeEvent[] }>('GET', '/api/life')).data

  it('is watched once, also when recovery finds it', async () => {
    const visitor = await stage.visit()
    const order = await visitor.buy('starter')
    await stage.recoverAgain()
    await pay(order.checkout_url ?? '')
    await until(
      async () => (await life(visitor)).some(({ node }) => node === 'balance'),
      () => life(visitor),
    )
    await pause(800)
    expect((await life(visitor)).filter(({ node }) => node === 'balance')).toHaveLength(1)
  })

  it('is forgotten when its checkout can have no end any more', async () => {
    const visitor = await stage.visit()
    const { customer } = await visitor.me()
    await visitor.buy('starter')
    const opened = JSON.parse(await readFile(stage.ordersFile(customer), 'utf8')) as { order: string }[]
    expect(opened).toHaveLength(1)
    await stage.restart({ isDev: true, laterMs: 25 * 3_600_000 })
    const kept = () => readFile(stage.ordersFile(customer), 'utf8')
    await until(async () => (await kept()) === '[]', kept)
    expect(await visitor.read('GET', '/api/open-orders')).toEqual({ data: [] })
    await stage.restart()
  })
})

describe('somebody without a cookie', () => {
  it('leaves nothing on the disk by looking around', async () => {
    const before = await stage.shelves()
    const paths = ['/', '/nothing', '/index.html', '/api/nothing', '/api/prices', '/api/jobs', '/api/life']
    await Promise.all(paths.map((path) => stage.stranger('GET', path)))
    await stage.stranger('POST', '/api/jobs?action=nonsense')
    await stage.stranger('POST', '/api/jobs/pic_00/run')
    expect(await stage.shelves()).toEqual(before)
  })

  it('becomes a visitor by asking who they are', async () => {
    const answer = await stage.stranger('GET', '/api/me')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('set-cookie')).toMatch(/^darkroom=visitor_/)
  })
})
