import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { clientOf, openShop, type Shop } from '../../test/shop.ts'

type CreateParams = DodoPayments.CreditEntitlementCreateParams

async function makeTokens(client: DodoPayments, input: Partial<CreateParams> = {}) {
  return client.creditEntitlements.create({
    name: 'Tokens',
    unit: 'tokens',
    precision: 2,
    overage_enabled: false,
    rollover_enabled: false,
    ...input,
  })
}

/** A kind of credits, and a customer who has so many of them. */
async function openAccount(shop: Shop, amount: string, input: Partial<CreateParams> = {}) {
  const tokens = await makeTokens(shop.client, input)
  const customer = await shop.client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  const account = { credit_entitlement_id: tokens.id }
  const { balances } = shop.client.creditEntitlements
  const entry = (
    body: Omit<DodoPayments.CreditEntitlements.BalanceCreateLedgerEntryParams, 'credit_entitlement_id'>,
  ) => balances.createLedgerEntry(customer.customer_id, { ...account, ...body })
  if (amount !== '0') await entry({ amount, entry_type: 'credit' })
  return {
    tokens,
    customerId: customer.customer_id,
    entry,
    balance: () => balances.retrieve(customer.customer_id, account),
    grants: async (status?: 'active' | 'expired' | 'depleted') =>
      (
        await balances.listGrants(customer.customer_id, {
          ...account,
          page_number: 0,
          ...(status ? { status } : {}),
        })
      ).items,
    ledger: async (query: { transaction_type?: string; start_date?: string; end_date?: string } = {}) =>
      (await balances.listLedger(customer.customer_id, { ...account, page_number: 0, ...query })).items,
    async use(used: string) {
      const response = await fetch(`${shop.dodo.url}/_sandbox/credits/use`, {
        method: 'POST',
        body: JSON.stringify({ ...account, customer_id: customer.customer_id, amount: used }),
      })
      return (await response.json()) as { ledger_entry: Record<string, unknown> | null }
    },
  }
}

const refusal = (status: number, code: string, message?: RegExp) => ({
  status,
  error: { code, ...(message ? { message: expect.stringMatching(message) } : {}) },
})

test('a kind of credits is made, read, listed and changed, with every field the SDK promises', async () => {
  const { client, clock } = await openShop()
  const made = await makeTokens(client, {
    description: 'For the model',
    overage_enabled: true,
    overage_limit: 500,
    price_per_unit: '0.015',
    currency: 'USD',
    rollover_timeframe_count: 2,
    rollover_timeframe_interval: 'Month',
  })
  expect(made).toMatchObject({
    id: expect.stringMatching(/^cde_\w{21}$/),
    name: 'Tokens',
    unit: 'tokens',
    precision: 2,
    overage_behavior: 'forgive_at_reset',
    overage_limit: 500,
    price_per_unit: '0.015',
    expires_after_days: null,
  })
  expect(await client.creditEntitlements.retrieve(made.id)).toEqual(made)
  clock.advance(1000)
  await client.creditEntitlements.update(made.id, {
    name: 'Model tokens',
    description: null,
    expires_after_days: 30,
  })
  const changed = await client.creditEntitlements.retrieve(made.id)
  expect(changed).toEqual({
    ...made,
    name: 'Model tokens',
    description: null,
    expires_after_days: 30,
    updated_at: changed.updated_at,
  })
  expect((await client.creditEntitlements.list({ page_number: 0 })).items).toEqual([changed])
})

test('a deleted kind is gone but for the list of the deleted, and comes back', async () => {
  const { client, dodo } = await openShop()
  const { id } = await makeTokens(client)
  await client.creditEntitlements.delete(id)
  await expect(client.creditEntitlements.retrieve(id)).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  await expect(client.creditEntitlements.delete(id)).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  await expect(client.creditEntitlements.update(id, { name: 'x' })).rejects.toBeInstanceOf(
    DodoPayments.NotFoundError,
  )
  const ids = async (deleted: boolean) =>
    (await client.creditEntitlements.list({ page_number: 0, deleted })).items.map((item) => item.id)
  expect([await ids(false), await ids(true)]).toEqual([[], [id]])
  await client.creditEntitlements.undelete(id)
  expect([await ids(false), await ids(true)]).toEqual([[id], []])
  const once = clientOf(dodo).withOptions({ maxRetries: 0 })
  await expect(once.creditEntitlements.undelete(id)).rejects.toMatchObject(
    refusal(500, 'INTERNAL_SERVER_ERROR'),
  )
})

test('what contradicts itself is refused, also when a change makes it so', async () => {
  const { client } = await openShop()
  const refused = (input: Partial<CreateParams>, message: RegExp) =>
    expect(makeTokens(client, input)).rejects.toMatchObject(refusal(422, 'INVALID_REQUEST_BODY', message))
  await refused({ overage_enabled: true }, /^price_per_unit: is required/)
  await refused({ price_per_unit: '1' }, /^currency: is required/)
  await refused({ rollover_timeframe_count: 1 }, /go together/)
  await refused({ precision: 11 }, /^precision/)
  await refused({ price_per_unit: '0.00', currency: 'USD' }, /above zero/)
  const { id } = await makeTokens(client)
  await expect(client.creditEntitlements.update(id, { overage_enabled: true })).rejects.toMatchObject(
    refusal(422, 'INVALID_REQUEST_BODY', /^price_per_unit/),
  )
  await expect(
    client.creditEntitlements.update(id, { precision: 3 } as DodoPayments.CreditEntitlementUpdateParams),
  ).rejects.toMatchObject(refusal(422, 'INVALID_REQUEST_BODY', /^precision: cannot be changed/))
  await expect(makeTokens(client)).rejects.toMatchObject(
    refusal(422, 'CREDIT_ENTITLEMENT_NAME_ALREADY_EXISTS'),
  )
})

test('a customer is credited and debited by hand, exactly', async () => {
  const shop = await openShop()
  const account = await openAccount(shop, '0')
  await expect(account.balance()).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  const credited = await account.entry({
    amount: '100.1',
    entry_type: 'credit',
    reason: 'Welcome',
    metadata: { ticket: 7 },
  })
  expect(credited).toMatchObject({
    amount: '100.1',
    entry_type: 'credit',
    is_credit: true,
    balance_before: '0',
    balance_after: '100.1',
    overage_before: '0',
    overage_after: '0',
    reason: 'Welcome',
    metadata: { ticket: 7 },
    grant_id: expect.stringMatching(/^cgr_/),
  })
  const debited = await account.entry({ amount: '0.2', entry_type: 'debit' })
  expect(debited).toMatchObject({ entry_type: 'debit', is_credit: false, balance_after: '99.9' })
  expect(await account.balance()).toMatchObject({
    balance: '99.9',
    overage: '0',
    customer_id: account.customerId,
  })
  expect(
    (await shop.client.creditEntitlements.balances.list(account.tokens.id, { page_number: 0 })).items,
  ).toEqual([await account.balance()])
  expect((await account.ledger()).map((entry) => [entry.transaction_type, entry.amount])).toEqual([
    ['credit_deducted', '0.2'],
    ['credit_added', '100.1'],
  ])
  expect((await shop.client.customers.listCreditEntitlements(account.customerId)).items).toEqual([
    {
      credit_entitlement_id: account.tokens.id,
      name: 'Tokens',
      unit: 'tokens',
      description: null,
      balance: '99.9',
      overage: '0',
    },
  ])
})

test('a debit beyond the balance is a 400, a repeated key a 409 that the SDK sends once, and neither changes anything', async () => {
  const shop = await openShop()
  const account = await openAccount(shop, '10')
  await expect(account.entry({ amount: '10.01', entry_type: 'debit' })).rejects.toMatchObject(
    refusal(400, 'INSUFFICIENT_CREDIT_BALANCE', /the balance is 10 /),
  )
  await account.entry({ amount: '1', entry_type: 'debit', idempotency_key: 'job_1' })
  await expect(
    account.entry({ amount: '1', entry_type: 'debit', idempotency_key: 'job_1' }),
  ).rejects.toBeInstanceOf(DodoPayments.ConflictError)
  expect((await account.balance()).balance).toBe('9')
  const other = await shop.client.customers.create({ email: 'grace@example.com', name: 'Grace' })
  await shop.client.creditEntitlements.balances.createLedgerEntry(other.customer_id, {
    credit_entitlement_id: account.tokens.id,
    amount: '1',
    entry_type: 'credit',
    idempotency_key: 'job_1',
  })
})

test('what is no entry is refused', async () => {
  const shop = await openShop()
  const account = await openAccount(shop, '10')
  const refused = (body: Parameters<typeof account.entry>[0], message: RegExp) =>
    expect(account.entry(body)).rejects.toMatchObject(refusal(422, 'INVALID_REQUEST_BODY', message))
  await refused({ amount: '0', entry_type: 'credit' }, /above zero/)
  await refused({ amount: '-5', entry_type: 'credit' }, /^amount/)
  await refused({ amount: '10000000000', entry_type: 'credit' }, /^amount/)
  await refused({ amount: '9999999999', entry_type: 'credit' }, /would reach/)
  await refused({ amount: '0.005', entry_type: 'credit' }, /more decimals than the 2/)
  await refused({ amount: '1', entry_type: 'debit', expires_at: '2099-01-01T00:00:00Z' }, /^expires_at/)
  await refused(
    { amount: '1', entry_type: 'credit', expires_at: '2020-01-01T00:00:00Z' },
    /not in the future/,
  )
  const { balances } = shop.client.creditEntitlements
  const one = { amount: '1', entry_type: 'credit' } as const
  await expect(
    balances.createLedgerEntry('cus_nowhere', { credit_entitlement_id: account.tokens.id, ...one }),
  ).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  await expect(
    balances.createLedgerEntry(account.customerId, { credit_entitlement_id: 'cde_nowhere', ...one }),
  ).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
})

test('the oldest grant pays first, and each grant expires at its instant with what is left', async () => {
  const shop = await openShop()
  const account = await openAccount(shop, '10')
  const soon = new Date(shop.dodo.now().getTime() + 1000).toISOString()
  await account.entry({ amount: '5', entry_type: 'credit', expires_at: soon })
  await account.entry({ amount: '12', entry_type: 'debit' })
  expect((await account.grants()).map((grant) => grant.remaining_amount)).toEqual(['3', '0'])
  expect(await account.grants('depleted')).toHaveLength(1)
  await shop.dodo.advance(60_000)
  expect(await account.grants('expired')).toMatchObject([
    { is_expired: true, remaining_amount: '0', initial_amount: '5' },
  ])
  expect(await account.grants('active')).toEqual([])
  expect(await account.balance()).toMatchObject({ balance: '0', last_transaction_at: soon })
  expect((await account.ledger())[0]).toMatchObject({
    transaction_type: 'credit_expired',
    amount: '3',
    is_credit: false,
    created_at: soon,
  })
})

test('the ledger is found by type and time', async () => {
  const shop = await openShop()
  const account = await openAccount(shop, '10')
  await shop.dodo.advance(60_000)
  const between = shop.dodo.now().toISOString()
  await shop.dodo.advance(60_000)
  await account.entry({ amount: '1', entry_type: 'debit' })
  const types = async (query: Parameters<typeof account.ledger>[0]) =>
    (await account.ledger(query)).map((entry) => entry.transaction_type)
  expect(await types({ transaction_type: 'credit_added' })).toEqual(['credit_added'])
  expect(await types({ start_date: between })).toEqual(['credit_deducted'])
  expect(await types({ end_date: between })).toEqual(['credit_added'])
})

test('usage stops at zero, or goes on as overage to its limit', async () => {
  const shop = await openShop()
  const strict = await openAccount(shop, '10')
  expect((await strict.use('12')).ledger_entry).toMatchObject({
    amount: '10',
    balance_after: '0',
    overage_after: '0',
  })
  expect((await strict.use('1')).ledger_entry).toBe(null)

  const priced = {
    name: 'Images',
    overage_enabled: true,
    overage_limit: 5,
    price_per_unit: '1',
    currency: 'USD',
  } as const
  const lenient = await openAccount(shop, '10', priced)
  expect((await lenient.use('12')).ledger_entry).toMatchObject({ balance_after: '0', overage_after: '2' })
  expect((await lenient.use('9')).ledger_entry).toMatchObject({
    amount: '3',
    overage_before: '2',
    overage_after: '5',
  })
  expect((await lenient.use('1')).ledger_entry).toBe(null)
  expect(await lenient.balance()).toMatchObject({ balance: '0', overage: '5' })
})

test('new credits pay back overage only where the kind says so', async () => {
  const shop = await openShop()
  const overage = { overage_enabled: true, price_per_unit: '1', currency: 'USD' } as const
  const repaying = await openAccount(shop, '1', { ...overage, overage_behavior: 'carry_deficit_auto_repay' })
  await repaying.use('4')
  expect(await repaying.entry({ amount: '10', entry_type: 'credit' })).toMatchObject({
    balance_after: '7',
    overage_before: '3',
    overage_after: '0',
  })
  const carrying = await openAccount(shop, '1', {
    ...overage,
    name: 'Images',
    overage_behavior: 'carry_deficit',
  })
  await carrying.use('4')
  await carrying.entry({ amount: '10', entry_type: 'credit' })
  expect(await carrying.balance()).toMatchObject({ balance: '10', overage: '3' })
})
