import type { Operation } from '../operations.ts'
import type { Decision, Moment, State } from './decision.ts'
import { adjust, grant } from './grant.ts'
import { capture, checkpoint, extend, release } from './holds.ts'
import { changeLot, revoke } from './lots.ts'
import { refund } from './refund.ts'
import { charge, placeHold } from './spend.ts'

/** Decides one operation on a settled wallet. Pure: the same arguments give the same answer. */
export function decide(state: State, operation: Operation, moment: Moment): Decision {
  switch (operation.kind) {
    case 'grant':
      return grant(state, operation, moment)
    case 'adjust':
      return adjust(state, operation, moment)
    case 'charge':
      return charge(state, operation, moment)
    case 'hold':
      return placeHold(state, operation, moment)
    case 'capture':
      return capture(state, operation, moment)
    case 'release':
      return release(state, operation, moment)
    case 'checkpoint':
      return checkpoint(state, operation, moment)
    case 'extend':
      return extend(state, operation, moment)
    case 'refund':
      return refund(state, operation, moment)
    case 'revoke':
      return revoke(state, operation, moment)
    case 'freeze':
    case 'unfreeze':
    case 'expire':
      return changeLot(state, operation, moment)
  }
}
