import { useEffect, useEffectEvent, useState } from 'react'

/** Files that are dropped or pasted anywhere on the page; tells whether one is being dragged over it. */
export function useIncomingFiles(take: (file: File) => void): boolean {
  const [isOver, setOver] = useState(false)
  const takeIt = useEffectEvent((data: DataTransfer | null) => {
    const file = data?.files[0]
    if (file !== undefined) take(file)
  })
  useEffect(() => {
    const over = (event: DragEvent) => {
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      // Only a drag that leaves the window has nowhere it goes to.
      if (event.relatedTarget === null) setOver(false)
    }
    const drop = (event: DragEvent) => {
      event.preventDefault()
      setOver(false)
      takeIt(event.dataTransfer)
    }
    const paste = (event: ClipboardEvent) => takeIt(event.clipboardData)
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [])
  return isOver
}
