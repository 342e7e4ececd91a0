import { wordsFor } from './words-for.ts'

/** Runs a command, and answers its exit code: what a person can mend is said in words, what is a bug with its stack. */
export async function answering(work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    console.error(wordsFor(error))
    return 1
  }
}
