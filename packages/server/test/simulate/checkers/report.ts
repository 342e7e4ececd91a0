/** A promise that was not kept. */
export interface Violation {
  readonly checker: string
  readonly message: string
  readonly walletId?: string | undefined
}

export type Report = (message: string) => void
