import { useState } from 'react'
import type { Job } from '../../shared/api.ts'
import type { Source } from './source.ts'

interface Picked {
  source: Source
  jobId: string | null
}

// Of this tab alone, and still there when it comes back from a full-page checkout.
const storageKey = 'easel'

/**
 * What lies on this tab's easel: what was started or chosen here. Until then it is what lay here before a reload, or the
 * latest picture that was there when the page opened; who is new finds the sample. What another tab starts changes
 * nothing.
 *
 * @param jobs undefined until they are known
 */
export function usePicked(jobs: readonly Job[] | undefined) {
  const [picked, setState] = useState<Picked | null>(null)
  const [openedWith, setOpenedWith] = useState<string | null>()
  if (openedWith === undefined && jobs !== undefined) {
    const kept = sessionStorage.getItem(storageKey)
    setOpenedWith((jobs.find(({ id }) => id === kept) ?? jobs[0])?.id ?? null)
  }
  function setPicked(next: Picked) {
    setState(next)
    if (next.jobId === null) sessionStorage.removeItem(storageKey)
    else sessionStorage.setItem(storageKey, next.jobId)
  }
  return { picked, jobId: picked === null ? (openedWith ?? null) : picked.jobId, setPicked }
}
