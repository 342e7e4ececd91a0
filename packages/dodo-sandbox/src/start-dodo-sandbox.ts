import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Webhook } from 'standardwebhooks'
import { createApp } from './app.ts'
import { followPayment } from './checkouts/follow-payment.ts'
import { SandboxClock } from './clock/sandbox-clock.ts'
import { Scheduler } from './clock/scheduler.ts'
import { findBalanceLow, findLedgerEntry } from './credit-entitlements/balance-queries.ts'
import { grantExpiry } from './credit-entitlements/expire-grants.ts'
import { grantPurchase } from './credit-entitlements/grant-purchase.ts'
import { disputeExpiry } from './disputes/decide-dispute.ts'
import { findDispute } from './disputes/queries.ts'
import { checkFaultRule } from './faults/fault.ts'
import { keepStartUpFaults } from './faults/rules.ts'
import { newId } from './kernel/ids.ts'
import {
  type DodoSandboxOptions,
  dodoRetryScheduleMs,
  dodoWebhookTimeoutMs,
  type SandboxLog,
} from './kernel/options.ts'
import { findPayment, moveInvoices } from './payments/queries.ts'
import { dueCharges } from './payments/settle-payment.ts'
import { findRefund } from './refunds/queries.ts'
import { dueRefunds } from './refunds/settle-refund.ts'
import { readSetting, settingOr, writeSetting } from './store/settings.ts'
import { openStore, type Transaction } from './store/store.ts'
import { followSubscriptionPayment } from './subscriptions/follow-payment.ts'
import { findDunning } from './subscriptions/queries.ts'
import { subscriptionCycles } from './subscriptions/run-due.ts'
import { subscriptionPayload } from './subscriptions/view.ts'
import { DeliveryWorker, type PayloadBuilder } from './webhooks/delivery-worker.ts'
import { keepStartUpEndpoints } from './webhooks/keep-start-up-endpoints.ts'

export interface DodoSandbox {
  /** What `DODO_PAYMENTS_BASE_URL` is set to, and where the control page is. */
  readonly url: string
  readonly port: number
  readonly apiKey: string
  /** The secret of the first endpoint given at start-up; `null` when none was given. */
  readonly webhookSecret: string | null
  /** The secrets of all endpoints given at start-up, in their order. */
  readonly webhookSecrets: readonly string[]
  /** Does all that is due by the clock, sends its webhooks, and answers when those attempts have ended. For tests. */
  settle(): Promise<void>
  /** The time in the sandbox. */
  now(): Date
  /**
   * Moves the clock forward. Renewals, expiries and retries on the way happen in the order of their instants, and
   * their webhooks have been sent when it answers. The new time stays with the state.
   */
  advance(ms: number): Promise<void>
  /** Stops listening and sending. What is still owed is in the state file and goes on at the next start. */
  close(): Promise<void>
}

const silent: SandboxLog = { info: () => undefined, error: () => undefined }

/**
 * Starts Dodo Payments on this machine.
 *
 * @throws when the port is taken, the state file is open in another process, a webhook secret is no `whsec_…`, or a fault is
 *   not understood
 */
export async function startDodoSandbox(options: DodoSandboxOptions = {}): Promise<DodoSandbox> {
  const machineNow = options.now ?? (() => new Date())
  const clock = new SandboxClock(machineNow)
  const random = options.random ?? randomBytes
  const log = options.log ?? silent
  const host = options.host ?? '127.0.0.1'
  const webhooks = options.webhooks ?? []
  for (const webhook of webhooks) checkStartUpWebhook(webhook.url, webhook.secret)
  const faults = (options.faults ?? []).map((rule) => checkFaultRule(rule, 'The fault'))

  const store = openStore({
    stateFile: options.stateFile,
    now: clock.now,
    random,
    behaviour: options.behaviour,
    follow: followEvent,
  })
  const worker = new DeliveryWorker({
    store,
    now: clock.now,
    signingNow: machineNow,
    fetch: options.fetch ?? globalThis.fetch,
    log,
    retryScheduleMs: options.retryScheduleMs ?? dodoRetryScheduleMs,
    timeoutMs: options.webhookTimeoutMs ?? dodoWebhookTimeoutMs,
    payloadBuilders: new Map([
      ['Payment', payloadOf('payment', findPayment)],
      ['Refund', payloadOf('refund', findRefund)],
      ['Dispute', payloadOf('dispute', findDispute)],
      ['CreditLedgerEntry', payloadOf('ledger entry', findLedgerEntry)],
      ['Subscription', payloadOf('subscription', subscriptionPayload)],
      ['DunningAttempt', payloadOf('dunning attempt', findDunning)],
      ['CreditBalanceLow', payloadOf('low balance', findBalanceLow)],
    ]),
  })
  const scheduler = new Scheduler({
    store,
    clock,
    log,
    // At one instant rests of credits roll over before they expire.
    works: [dueCharges, dueRefunds, disputeExpiry, subscriptionCycles, grantExpiry],
    deliveries: worker,
  })
  try {
    clock.restore(store)
    const { apiKey, webhookSecrets } = store.transaction((tx) => {
      if (options.apiKey !== undefined && options.apiKey !== readSetting(tx, 'api_key'))
        writeSetting(tx, 'api_key', options.apiKey)
      keepStartUpFaults(tx, faults, options.faultSeed)
      return {
        apiKey: settingOr(tx, 'api_key', () => newId('dodo_test', random)),
        webhookSecrets: keepStartUpEndpoints(tx, webhooks),
      }
    })

    let url = ''
    const app = createApp({
      store,
      worker,
      clock,
      scheduler,
      apiKey,
      random,
      log,
      rateLimit: options.rateLimit,
      checkoutOrigin: () => options.checkoutOrigin ?? url,
      apiOrigin: () => url,
      host: host.includes(':') ? `[${host}]` : host,
    })
    const server = createAdaptorServer({ fetch: app.fetch })
    const { port } = await new Promise<AddressInfo>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port ?? 0, host, () => resolve(server.address() as AddressInfo))
    })
    url = `http://${hostInUrl(host)}:${port}`
    store.transaction((tx) => {
      writeSetting(tx, 'api_origin', url)
      moveInvoices(tx, url)
    })
    let closing: Promise<void> | undefined
    scheduler.runDue()
    scheduler.wake()
    worker.wake()
    log.info({ url }, 'local Dodo listens')

    return {
      url,
      port,
      apiKey,
      webhookSecret: webhookSecrets[0] ?? null,
      webhookSecrets,
      settle() {
        scheduler.runDue()
        return worker.settle()
      },
      now: clock.now,
      advance: (ms) => scheduler.advance(ms),
      close() {
        closing ??= close()
        return closing
      },
    }

    async function close(): Promise<void> {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      if ('closeIdleConnections' in server) server.closeIdleConnections()
      await Promise.all([scheduler.close(), worker.close()])
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
      store.close()
    }
  } catch (error) {
    await Promise.all([scheduler.close(), worker.close()])
    store.close()
    throw error
  }
}

/** What an event leads to beyond the resource that it is about. */
function followEvent(tx: Transaction, event: { type: string; resourceId: string }): void {
  if (!event.type.startsWith('payment.')) return
  const payment = findPayment(tx, event.resourceId)
  if (!payment) return
  followPayment(tx, payment)
  followSubscriptionPayment(tx, payment)
  if (event.type === 'payment.succeeded') grantPurchase(tx, payment)
}

/** A resource as it is when its webhook is sent, which may be later than what the webhook reports. */
function payloadOf(what: string, find: (tx: Transaction, id: string) => object | undefined): PayloadBuilder {
  return (tx, id) => {
    const found = find(tx, id)
    if (!found) throw new Error(`${what} ${id} is owed a webhook and is not in the state`)
    return { ...found }
  }
}

function checkStartUpWebhook(url: string, secret: string | undefined): void {
  if (!URL.canParse(url)) throw new TypeError(`The webhook URL is not a URL: ${url}`)
  if (secret === undefined) return
  try {
    new Webhook(secret).sign('msg_check', new Date(0), '')
  } catch (error) {
    throw new TypeError(
      `The secret for ${url} is not a webhook secret: whsec_ and padded base64 are needed.`,
      {
        cause: error,
      },
    )
  }
}

/** Loopback is written `localhost`, so that the pages are of one site with a shop on localhost. */
function hostInUrl(host: string): string {
  if (host === '127.0.0.1' || host === '0.0.0.0' || host === '::' || host === '::1') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
