import { describe, expect, it } from 'vitest'
import { newVisitor, readVisitor, signVisitor } from './cookie.ts'

const secret = new Uint8Array(32).fill(7)
const visitor = newVisitor((count) => new Uint8Array(count).fill(0xab))

describe('the visitor cookie', () => {
  it('names the visitor it was signed for', () => {
    expect(readVisitor(signVisitor(visitor, secret), secret)).toBe(visitor)
  })

  it('names nobody when another secret signed it', () => {
    expect(readVisitor(signVisitor(visitor, new Uint8Array(32)), secret)).toBeNull()
  })

  it('names nobody when the visitor in it was changed', () => {
    const signed = signVisitor(visitor, secret)
    expect(readVisitor(signed.replace('ab', 'cd'), secret)).toBeNull()
  })

  it('names nobody when a part is missing, added, or not a visitor', () => {
    const signed = signVisitor(visitor, secret)
    expect(readVisitor(undefined, secret)).toBeNull()
    expect(readVisitor(visitor, secret)).toBeNull()
    expect(readVisitor(`${signed}.more`, secret)).toBeNull()
    expect(readVisitor(signVisitor('../../etc', secret), secret)).toBeNull()
  })
})
