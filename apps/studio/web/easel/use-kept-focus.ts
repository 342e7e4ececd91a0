import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from 'react'

/**
 * Keeps the focus within a place whose buttons come and go: when the focused one went, the focus moves to the first of
 * `row`, or to the one that was pressed there last. Focus that lies elsewhere is let alone.
 *
 * @returns what the place has to listen to
 */
export function useKeptFocus(row: RefObject<HTMLElement | null>) {
  const hasFocus = useRef(false)
  const lastLabel = useRef<string | null>(null)
  // After every drawing: any of them may have taken the button away.
  useLayoutEffect(() => {
    const active = document.activeElement
    const isLost = active === null || active === document.body || active.matches(':disabled')
    if (!hasFocus.current || !isLost) return
    const buttons = [...(row.current?.querySelectorAll<HTMLElement>('button:enabled') ?? [])]
    const next = buttons.find((button) => button.textContent === lastLabel.current) ?? buttons[0]
    next?.focus({ preventScroll: true })
  })
  return {
    onFocus: ({ target }: FocusEvent<HTMLElement>) => {
      hasFocus.current = true
      // "Stop" is no place to come back to.
      if (row.current?.contains(target) && target.dataset['passing'] === undefined)
        lastLabel.current = target.textContent
    },
    onBlur: ({ target }: FocusEvent<HTMLElement>) => {
      // Who leaves by themselves leaves a button that is still there and could be pressed.
      if (target.isConnected && !target.matches(':disabled')) hasFocus.current = false
    },
  }
}
