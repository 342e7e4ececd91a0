/**
 * A process for crash tests: opens an order, takes the webhooks of the local Dodo it is told of, says so, and waits to be killed. It stores webhooks and
 * does not work on them, as if it died in between; with `stuck` it dies in the middle of the work, after the job was claimed.
 */
import { openDatabase } from '../../src/database/open-database.ts'
import { newSecret, openShop, payInBrowser } from '../support/shop.ts'

const [, , dataDir = '', moment = ''] = process.argv
const database = await openDatabase({ dataDir })
const stuck = moment === 'stuck'
const transaction: typeof database.transaction = (work) =>
  database.transaction(async (tx) => {
    const answer = await work(tx)
    // The transaction of the job has credited the order, and never gets to its commit.
    const credited = await tx.db.selectFrom('orders').select('id').where('state', '=', 'credited').execute()
    if (stuck && credited.length > 0) {
      process.stdout.write('{"stuck":true}\n')
      await new Promise(() => {})
    }
    return answer
  })

const secret = newSecret()
const shop = await openShop({ database: { ...database, transaction }, secret, work: stuck })
const { body } = await shop.request('POST', '/v1/checkouts', {
  customer: 'alice',
  pack: 'power',
  quantity: 2,
  return_url: 'http://localhost:3000/',
})
await payInBrowser(body.checkout_url)
await shop.dodo.settle()
process.stdout.write(`${JSON.stringify({ order: body.id, secret })}\n`)
setInterval(() => {}, 1000)
