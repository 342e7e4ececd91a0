import type { Transaction } from '../store/store.ts'

export interface PortalSession {
  token: string
  customer_id: string
  /** Where the page's way back leads; `null` for none. */
  return_url: string | null
  expires_at: string
}

export function insertPortalSession(tx: Transaction, session: PortalSession): void {
  tx.run(
    'insert into portal_sessions (token, customer_id, return_url, expires_at) values (?, ?, ?, ?)',
    session.token,
    session.customer_id,
    session.return_url,
    session.expires_at,
  )
}

export function findPortalSession(tx: Transaction, token: string): PortalSession | undefined {
  const row = tx.get('select * from portal_sessions where token = ?', token)
  if (!row) return undefined
  return {
    token: String(row['token']),
    customer_id: String(row['customer_id']),
    return_url: row['return_url'] === null ? null : String(row['return_url']),
    expires_at: String(row['expires_at']),
  }
}
