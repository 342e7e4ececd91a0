import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Job, StudioEvent } from '../shared/api.ts'
import { studio } from './api.ts'

export const keys = {
  me: ['me'],
  prices: ['prices'],
  jobs: ['jobs'],
  history: ['history'],
  entries: ['entries'],
  life: ['life'],
  order: (id: string) => ['order', id],
}

export const useMe = () => useQuery({ queryKey: keys.me, queryFn: studio.me })
export const usePrices = () => useQuery({ queryKey: keys.prices, queryFn: studio.prices, staleTime: 300_000 })
export const useJobs = () => useQuery({ queryKey: keys.jobs, queryFn: studio.jobs })

const eventTypes: StudioEvent['type'][] = ['job', 'removed', 'order', 'life', 'balance', 'server']

/**
 * Listens to the studio and keeps what was fetched true. After a gap in the stream everything is asked for again, so no
 * event need be kept for a page that was away.
 */
export function useStudioEvents(): { isServerReachable: boolean } {
  const queries = useQueryClient()
  const [isServerReachable, setServerReachable] = useState(true)
  useEffect(() => {
    const stream = new EventSource('/api/events')
    let isFirst = true
    stream.addEventListener('open', () => {
      if (!isFirst) void queries.invalidateQueries()
      isFirst = false
    })
    for (const type of eventTypes) {
      stream.addEventListener(type, (message: MessageEvent<string>) => {
        const event = JSON.parse(message.data) as StudioEvent
        if (event.type === 'server') setServerReachable(event.reachable)
        else take(queries, event)
      })
    }
    return () => stream.close()
  }, [queries])
  return { isServerReachable }
}

function take(queries: QueryClient, event: Exclude<StudioEvent, { type: 'server' }>): void {
  switch (event.type) {
    case 'job':
      queries.setQueryData<Job[]>(keys.jobs, (jobs) => withJob(jobs ?? [], event.job))
      return
    case 'removed':
      queries.setQueryData<Job[]>(keys.jobs, (jobs) => jobs?.filter((job) => job.id !== event.id))
      return
    case 'order':
      queries.setQueryData(keys.order(event.order.id), event.order)
      return
    case 'life':
      queries.setQueryData<Awaited<ReturnType<typeof studio.life>>>(keys.life, (life) => {
        if (life === undefined || life.data.some(({ id }) => id === event.event.id)) return life
        return { ...life, data: [...life.data, event.event] }
      })
      return
    case 'balance':
      void queries.invalidateQueries({ queryKey: keys.me })
      void queries.invalidateQueries({ queryKey: keys.history })
      void queries.invalidateQueries({ queryKey: keys.entries })
  }
}

export function withJob(jobs: readonly Job[], job: Job): Job[] {
  const others = jobs.filter(({ id }) => id !== job.id)
  return [job, ...others].sort((a, b) => b.created_at.localeCompare(a.created_at))
}
