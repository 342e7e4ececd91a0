import type { Transaction } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Event } from './event.ts'

/** The event exists once the transaction has committed. */
export async function appendEvent(tx: Transaction, event: Event): Promise<void> {
  const { id, type, mode, walletId, data } = event
  await tx.db
    .insertInto('events')
    .values({
      id,
      type,
      mode: mode ?? null,
      wallet_id: walletId ?? null,
      data: JSON.stringify(data),
      at: tx.now,
    })
    .execute()
}

type EventData<Type extends Event['type']> = (Event & { readonly type: Type })['data']

/** What the newest event of a type said of a wallet. */
export async function findLatestEvent<Type extends Event['type']>(
  tx: Transaction,
  { type, walletId }: { readonly type: Type; readonly walletId: Uuid },
): Promise<EventData<Type> | undefined> {
  const row = await tx.db
    .selectFrom('events')
    .select('data')
    .where('wallet_id', '=', walletId)
    .where('type', '=', type)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.data as EventData<Type> | undefined
}
