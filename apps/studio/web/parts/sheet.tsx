import { Dialog } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'

interface Props {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  title: string
  description?: string
  /** A drawer leaves the page usable beside it; a dialog asks for its answer first. */
  kind: 'drawer' | 'dialog'
  /** For a dialog: wide enough for three packs. */
  isWide?: boolean
  children: ReactNode
}

export function Sheet({ isOpen, onOpenChange, title, description, kind, isWide = false, children }: Props) {
  const isDrawer = kind === 'drawer'
  return (
    <Dialog.Root
      open={isOpen}
      onOpenChange={onOpenChange}
      modal={!isDrawer}
      disablePointerDismissal={isDrawer}
    >
      <Dialog.Portal>
        {isDrawer ? null : (
          <Dialog.Backdrop className="fixed inset-0 z-30 bg-black/60 backdrop-blur-[2px] transition-opacity duration-200 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        )}
        <Dialog.Popup
          className={
            isDrawer
              ? 'fixed inset-y-0 right-0 z-20 flex w-full max-w-[34rem] flex-col border-l border-line bg-panel shadow-print transition-transform duration-300 data-[ending-style]:translate-x-full data-[starting-style]:translate-x-full'
              : `fixed inset-x-0 bottom-0 z-30 mx-auto flex max-h-[94dvh] w-full flex-col rounded-t-2xl border border-line bg-panel shadow-print transition-all duration-200 data-[ending-style]:translate-y-4 data-[ending-style]:opacity-0 data-[starting-style]:translate-y-4 data-[starting-style]:opacity-0 sm:bottom-auto sm:top-1/2 sm:-translate-y-1/2 sm:rounded-2xl ${isWide ? 'max-w-3xl' : 'max-w-xl'}`
          }
        >
          <div className="flex items-start gap-4 px-5 pt-5 pb-3 sm:px-7 sm:pt-6">
            <div className="flex-1">
              <Dialog.Title className="font-display text-2xl leading-tight">{title}</Dialog.Title>
              {description === undefined ? null : (
                <Dialog.Description className="mt-1 text-soft">{description}</Dialog.Description>
              )}
            </div>
            <Dialog.Close className="quiet -mr-2 flex size-9 items-center justify-center" aria-label="Close">
              <svg
                viewBox="0 0 24 24"
                className="size-5"
                fill="none"
                stroke="currentColor"
                strokeWidth="2"
                aria-hidden="true"
              >
                <path d="M6 6l12 12M18 6L6 18" strokeLinecap="round" />
              </svg>
            </Dialog.Close>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-6 sm:px-7">{children}</div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
