import type { Entry } from '@tallystick/client'
import type {
  CodeExcerpt,
  HistoryLine,
  Job,
  LifeEvent,
  LifeNode,
  Me,
  Order,
  PictureAction,
  Prices,
} from '../shared/api.ts'

/** The studio's server refused, or did not answer. Its message is made to be read by the visitor. */
export class StudioError extends Error {
  override readonly name = 'StudioError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, init)
  } catch {
    throw new StudioError(0, 'The studio does not answer. Is it still running?')
  }
  if (response.ok) return response
  const told: unknown = await response.json().catch(() => null)
  const message = typeof told === 'object' && told !== null && 'message' in told ? String(told.message) : ''
  throw new StudioError(response.status, message || `The studio answered ${response.status}.`)
}

/** Studio and pages are one program: what is read here has the type that the server wrote. */
export async function read<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await ask(path, init)
  return (await response.json()) as T
}

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

export const studio = {
  me: () => read<Me>('/api/me'),
  prices: () => read<Prices>('/api/prices'),
  jobs: async () => (await read<{ data: Job[] }>('/api/jobs')).data,
  startJob: (input: { action: PictureAction; name: string; png: Blob }) =>
    read<Job>(`/api/jobs?${new URLSearchParams({ action: input.action, name: input.name })}`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: input.png,
    }),
  runJob: (id: string) => read<Job>(`/api/jobs/${id}/run`, { method: 'POST' }),
  removeJob: async (id: string) => void (await ask(`/api/jobs/${id}`, { method: 'DELETE' })),
  checkout: (pack: string) => read<Order>('/api/checkouts', json({ pack })),
  order: (id: string) => read<Order>(`/api/orders/${id}`),
  openOrders: async () => (await read<{ data: { order: string }[] }>('/api/open-orders')).data,
  history: async () => (await read<{ data: HistoryLine[] }>('/api/history')).data,
  entries: async () => (await read<{ data: Entry[] }>('/api/entries')).data,
  life: () => read<{ data: LifeEvent[]; code: Partial<Record<LifeNode, CodeExcerpt[]>> }>('/api/life'),
}

export function pictureUrl(job: Job, which: 'before' | 'after'): string {
  return `/api/jobs/${job.id}/${which}.png`
}
