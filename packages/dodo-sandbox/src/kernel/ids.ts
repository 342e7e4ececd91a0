/** Where randomness comes from: so many bytes, please. */
export type RandomBytes = (size: number) => Uint8Array

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

// Dodo's overlay opens a session only when its id is `cks_` and exactly 21 characters; the other kinds look alike.
const SUFFIX_LENGTH = 21

/** A fresh id of one kind: `newId('pay', random)` gives `pay_` and 21 characters. */
export function newId(prefix: string, random: RandomBytes): string {
  let suffix = ''
  // The remainder favours a few characters by a hair, which matters to keys and not to the ids of a sandbox.
  for (const byte of random(SUFFIX_LENGTH)) suffix += ALPHABET.charAt(byte % ALPHABET.length)
  return `${prefix}_${suffix}`
}

/** A webhook secret as Standard Webhooks wants it: padded base64 of 24 bytes behind `whsec_`. */
export function newWebhookSecret(random: RandomBytes): string {
  return `whsec_${Buffer.from(random(24)).toString('base64')}`
}
