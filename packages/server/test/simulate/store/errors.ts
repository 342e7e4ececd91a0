/** An error as the driver hands it on: with the database's code for it. */
export function databaseError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
