import { useEffect, useState } from 'react'

const shownForMs = 1_600

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), shownForMs)
    return () => clearTimeout(timer)
  }, [isCopied])
  return (
    <button
      type="button"
      aria-label={label}
      className="quiet border border-line text-xs"
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          // Without leave to the clipboard the number can still be selected by hand.
          () => setCopied(false),
        )
      }}
    >
      {isCopied ? 'Copied' : 'Copy'}
    </button>
  )
}
