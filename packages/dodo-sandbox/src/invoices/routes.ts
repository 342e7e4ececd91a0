import { Hono } from 'hono'
import type { Store } from '../store/store.ts'
import { type Invoice, invoiceOfPayment, invoiceOfRefund } from './invoice.ts'
import { renderInvoice } from './render-invoice.ts'

/** Open to whoever has the address, for `invoice_url` is given to customers; the ids in it cannot be guessed. */
export function invoiceRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/invoices/payments/:id', (context) =>
    answer(store.transaction((tx) => invoiceOfPayment(tx, context.req.param('id')))),
  )
  routes.get('/invoices/refunds/:id', (context) =>
    answer(store.transaction((tx) => invoiceOfRefund(tx, context.req.param('id')))),
  )
  return routes
}

async function answer(invoice: Invoice): Promise<Response> {
  const bytes = await renderInvoice(invoice)
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: {
      'content-type': 'application/pdf',
      'content-disposition': `inline; filename="${invoice.id}.pdf"`,
      'x-content-type-options': 'nosniff',
    },
  })
}
