import { Fault, Refusal } from '../kernel/refusal.ts'

/** Whether an error's message is all that a person needs. What is neither a refusal nor a fault is a bug, and is shown with its stack. */
export function isAnswer(error: unknown): error is Fault | Refusal {
  return error instanceof Fault || error instanceof Refusal
}
