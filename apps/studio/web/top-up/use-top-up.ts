import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import type { Order } from '../../shared/api.ts'
import { studio } from '../api.ts'
import { keys } from '../use-studio.ts'
import type { CheckoutMessage } from './messages.ts'

export type Step = 'closed' | 'choosing' | 'starting' | 'paying' | 'confirming'

export interface TopUp {
  step: Step
  order: Order | null
  problem: string | null
  /** What the last order brought, for the page to say so. */
  credited: Order | null
  open: () => void
  close: () => void
  buy: (pack: string) => void
  continueCheckout: () => void
  onMessage: (message: CheckoutMessage) => void
}

const askEveryMs = 1_000

/**
 * The way from "Top up" to credits. Whatever the checkout says, and however the visitor comes back from it, the order is
 * asked of the studio's server until it is credited.
 */
export function useTopUp(): TopUp {
  const queries = useQueryClient()
  const [step, setStep] = useState<Step>('closed')
  const [orderId, setOrderId] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)

  const { data: order = null } = useQuery({
    queryKey: keys.order(orderId ?? ''),
    queryFn: async () => {
      const asked = await studio.order(orderId ?? '')
      // The stream says so too; this is for a page whose stream is broken just now.
      if (asked.state === 'credited') void queries.invalidateQueries({ queryKey: keys.me })
      return asked
    },
    enabled: orderId !== null && (step === 'paying' || step === 'confirming'),
    refetchInterval: ({ state }) => (hasEnded(state.data) ? false : askEveryMs),
  })

  // Back from the full-page checkout: the address says only that somebody came back, the studio knows which order.
  useEffect(() => {
    const address = new URL(location.href)
    const back = address.searchParams.get('back')
    if (back === null) return
    // The checkout adds parameters of its own; none of them is believed, and all of them are cleared away.
    history.replaceState(null, '', address.pathname)
    if (back !== 'paid') return
    studio.openOrders().then(
      ([latest]) => {
        if (latest === undefined) return
        setOrderId(latest.order)
        setStep('confirming')
      },
      () => {},
    )
  }, [])

  const buy = useCallback(
    (pack: string) => {
      setStep('starting')
      setProblem(null)
      setOrderId(null)
      studio.checkout(pack).then(
        (started) => {
          queries.setQueryData(keys.order(started.id), started)
          setOrderId(started.id)
          setStep('paying')
        },
        (error: unknown) => {
          setProblem(error instanceof Error ? error.message : String(error))
          setStep('choosing')
        },
      )
    },
    [queries],
  )

  const onMessage = useCallback((message: CheckoutMessage) => {
    switch (message.type) {
      case 'status':
        if (message.status === 'succeeded' || message.status === 'processing') setStep('confirming')
        return
      case 'leave':
        setStep('confirming')
        return
      case 'closed':
        setStep((current) => (current === 'paying' ? 'choosing' : current))
        return
      case 'expired':
        setProblem('This checkout has expired. Choose a pack again.')
        setStep('choosing')
        return
      case 'error':
        // A declined card is such an error: the checkout shows it, and lets another card be tried. So it stays open.
        setProblem(message.message)
        return
      case 'ready':
    }
  }, [])

  const credited = order?.state === 'credited' ? order : null
  return {
    step: credited !== null ? 'closed' : step,
    order,
    problem,
    credited,
    open: useCallback(() => {
      setProblem(null)
      setOrderId(null)
      setStep('choosing')
    }, []),
    close: useCallback(() => {
      setStep('closed')
    }, []),
    continueCheckout: useCallback(() => {
      setProblem(null)
      setStep('paying')
    }, []),
    buy,
    onMessage,
  }
}

function hasEnded(order: Order | undefined): boolean {
  return order?.state === 'credited'
}
