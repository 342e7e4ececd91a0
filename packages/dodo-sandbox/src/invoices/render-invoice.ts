import { formatMoneyWithCode } from '../kernel/money.ts'
import type { Invoice } from './invoice.ts'
import { latinOf } from './latin.ts'

const left = 56
const right = 539
const grey = '#667085'
const ink = '#101828'

const missingLetters = 'A ? stands for a letter that the font of this page does not have.'

/** The invoice on one page or more, as the bytes of a PDF. The same invoice gives the same text. */
export async function renderInvoice(invoice: Invoice): Promise<Uint8Array> {
  // Loaded by whoever wants an invoice: it takes longer to load than all the rest of the sandbox takes to start.
  const { default: PDFDocument } = await import('pdfkit')
  const document = new PDFDocument({
    size: 'A4',
    margin: left,
    info: { Title: `${invoice.title} ${invoice.id}`, CreationDate: new Date(invoice.date) },
  })
  const chunks: Uint8Array[] = []
  document.on('data', (chunk: Uint8Array) => chunks.push(chunk))
  const ended = new Promise<void>((resolve, reject) => document.once('end', resolve).once('error', reject))
  print(document, invoice)
  document.end()
  await ended
  return Buffer.concat(chunks)
}

function print(document: PDFKit.PDFDocument, invoice: Invoice): void {
  let isWhole = true
  const latin = (text: string) => {
    const written = latinOf(text)
    isWhole &&= written.isWhole
    return written.text
  }
  const money = (amount: number) => formatMoneyWithCode(amount, invoice.currency)
  const text = (words: string, options: { bold?: boolean; color?: string; size?: number } = {}) =>
    document
      .font(options.bold ? 'Helvetica-Bold' : 'Helvetica')
      .fontSize(options.size ?? 10)
      .fillColor(options.color ?? ink)
      .text(latin(words), left, document.y, { width: right - left })
  const row = (name: string, value: string, isBold = false) => {
    if (document.y > document.page.height - 120) document.addPage()
    const { y } = document
    document
      .font(isBold ? 'Helvetica-Bold' : 'Helvetica')
      .fontSize(10)
      .fillColor(ink)
    document.text(latin(name), left, y, { width: 320 })
    const below = document.y
    document.text(latin(value), left + 320, y, { width: right - left - 320, align: 'right' })
    document.y = Math.max(below, document.y) + 4
  }

  text(invoice.title, { bold: true, size: 20 })
  text(invoice.id, { color: grey })
  text(invoice.date.slice(0, 10), { color: grey })
  document.moveDown()
  text('Local Dodo, for development. No money moved.', { color: grey })
  document.moveDown()
  for (const line of invoice.to) text(line)
  document.moveDown()
  for (const { name, value } of invoice.facts) text(`${name}: ${value}`, { color: grey })
  document.moveDown()
  for (const { name, quantity, amount } of invoice.lines)
    row(quantity === null || quantity === 1 ? name : `${name} x ${quantity}`, money(amount))
  document.moveDown()
  const net = invoice.total - invoice.tax
  if (invoice.discount > 0) row('Discount', money(-invoice.discount))
  row('Net', money(net))
  row('Tax', money(invoice.tax))
  row('Total', money(invoice.total), true)
  document.moveDown()
  if (!isWhole) text(missingLetters, { color: grey, size: 8 })
}
