import { isAnswer } from './is-answer.ts'

/** Runs a command, and answers its exit code: what a person can mend is said in words, what is a bug with its stack. */
export async function answering(work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    console.error(isAnswer(error) ? error.message : error)
    return 1
  }
}
