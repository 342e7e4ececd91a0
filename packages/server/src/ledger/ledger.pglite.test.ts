import { describe } from 'vitest'
import { openDatabase } from '../database/open-database.ts'
import { ledgerContract } from './ledger.contract.ts'

describe('the ledger on PGlite', () => {
  ledgerContract((clock) => openDatabase({ dataDir: undefined, clock }))
})
