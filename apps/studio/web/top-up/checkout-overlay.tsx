import { Dialog } from '@base-ui/react/dialog'
import { useEffect, useRef, useState } from 'react'
import { type CheckoutMessage, isDodoHost, overlayUrl, readMessage } from './messages.ts'

interface Props {
  checkoutUrl: string
  mode: 'test' | 'live'
  onMessage: (message: CheckoutMessage) => void
}

/** The checkout over the page: Dodo's own overlay for Dodo's hosts, a frame of ours for any other. */
export function CheckoutOverlay(props: Props) {
  return isDodoHost(props.checkoutUrl) ? <DodoOverlay {...props} /> : <FrameOverlay {...props} />
}

// What Dodo's overlay gives its frame. No top navigation, so leaving is asked for by message and decided here.
const sandbox = 'allow-same-origin allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox'

// After that long without a sign of life another way is offered more loudly.
const patienceMs = 6_000

function FrameOverlay({ checkoutUrl, onMessage }: Props) {
  const frame = useRef<HTMLIFrameElement>(null)
  const [isReady, setReady] = useState(false)
  const [isSlow, setSlow] = useState(false)
  const { origin } = new URL(checkoutUrl)

  useEffect(() => {
    const listen = (event: MessageEvent<unknown>) => {
      const message = readMessage(event, { origin, window: frame.current?.contentWindow })
      if (message === null) return
      if (message.type === 'ready') setReady(true)
      else onMessage(message)
    }
    addEventListener('message', listen)
    return () => removeEventListener('message', listen)
  }, [origin, onMessage])

  useEffect(() => {
    if (isReady) return
    const timer = setTimeout(() => setSlow(true), patienceMs)
    return () => clearTimeout(timer)
  }, [isReady])

  return (
    <Dialog.Root
      open
      onOpenChange={(isOpen) => {
        if (!isOpen) onMessage({ type: 'closed' })
      }}
      disablePointerDismissal
    >
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/70" />
        <Dialog.Popup className="fixed inset-0 z-40 flex flex-col" initialFocus={frame}>
          <Dialog.Title className="sr-only">Checkout</Dialog.Title>
          {isReady ? null : (
            <output className="absolute inset-x-0 top-1/2 text-center text-white">
              Opening the checkout…
            </output>
          )}
          <iframe
            ref={frame}
            title="Checkout"
            src={overlayUrl(checkoutUrl)}
            sandbox={sandbox}
            allow="payment"
            referrerPolicy="strict-origin-when-cross-origin"
            className="checkout-frame min-h-0 w-full flex-1 border-0 bg-transparent"
          />
          <div className="flex flex-wrap items-center justify-center gap-x-4 gap-y-1 bg-black/80 px-4 py-2 text-sm text-white">
            {isSlow && !isReady ? <span>The checkout does not open here.</span> : null}
            <a
              className="rounded underline underline-offset-4 focus-visible:outline-white"
              href={checkoutUrl}
            >
              Open it as a full page
            </a>
            <Dialog.Close className="rounded underline underline-offset-4 focus-visible:outline-white">
              Cancel
            </Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** Loaded only when it is needed: a studio on the local Dodo never asks for it. */
function DodoOverlay({ checkoutUrl, mode, onMessage }: Props) {
  useEffect(() => {
    let isGone = false
    let close = () => {}
    const open = async () => {
      const { DodoPayments } = await import('dodopayments-checkout')
      if (isGone) return
      DodoPayments.Initialize({
        mode,
        displayType: 'overlay',
        onEvent: (event) => {
          // The package has checked the origin already; the shape is read as for a frame of ours.
          const source = { origin: '', window: null }
          const message = readMessage({ ...source, source: null, data: { ...event } }, source)
          if (message !== null && message.type !== 'ready') onMessage(message)
        },
      })
      DodoPayments.Checkout.open({ checkoutUrl, options: { manualRedirect: true } })
      close = () => {
        if (DodoPayments.Checkout.isOpen()) DodoPayments.Checkout.close()
      }
    }
    // It cannot be loaded, or does not take the address: the checkout itself does without it.
    open().catch(() => location.assign(checkoutUrl))
    return () => {
      isGone = true
      close()
    }
  }, [checkoutUrl, mode, onMessage])
  return null
}
