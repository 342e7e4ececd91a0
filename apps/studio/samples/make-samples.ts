/**
 * Draws the sample pictures again: `node --conditions=source apps/studio/samples/make-samples.ts`. Writes the small
 * pictures, a tiny one, and the print that lies on the easel at the first visit, which is what the larger model makes of the first.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { createEnlarger } from '../server/pictures/enlarger.ts'

const names = ['lake', 'dahlia', 'harbour']
const side = 320
// For fifty calls at once: every tenth is really made.
const tinySide = 40
const target = join(import.meta.dirname, '../web/public/samples')

// It unpacks itself into TMPDIR and reuses what lies there, so it gets a folder of its own.
process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'studio-samples-'))
const { default: browserFiles } = await import('@sparticuz/chromium')
const browser = await chromium.launch({
  executablePath: await browserFiles.executablePath(),
  args: ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run'],
})
const page = await browser.newPage()
const scenes = readFileSync(join(import.meta.dirname, 'scenes.js'), 'utf8')
await page.addScriptTag({ type: 'module', content: `${scenes}\nglobalThis.drawScene = draw` })

mkdirSync(target, { recursive: true })
const enlarger = createEnlarger()
for (const [index, name] of names.entries()) {
  // One after the other, for the machine has two cores and the page one.
  // oxlint-disable-next-line no-await-in-loop
  const small = Buffer.from(await page.evaluate<string>(`drawScene('${name}', ${side})`), 'base64')
  writeFileSync(join(target, `${name}.png`), small)
  if (index === 0) {
    // oxlint-disable-next-line no-await-in-loop
    const tiny = await page.evaluate<string>(`drawScene('${name}', ${tinySide})`)
    writeFileSync(join(target, 'tiny.png'), Buffer.from(tiny, 'base64'))
  }
  if (index > 0) continue
  // oxlint-disable-next-line no-await-in-loop
  const { png } = await enlarger.enlarge({ png: small, model: 'large' })
  // oxlint-disable-next-line no-await-in-loop
  const print = await page.evaluate<string>(toWebp(Buffer.from(png).toString('base64')))
  writeFileSync(join(target, `${name}-print.webp`), Buffer.from(print, 'base64'))
}
await enlarger.close()
await browser.close()

/** A PNG of such a picture is 1.5 MB, and the page needs it at the first look: so it is sent as WebP. */
function toWebp(png: string): string {
  return `(async () => {
    const image = await createImageBitmap(await (await fetch('data:image/png;base64,${png}')).blob())
    const canvas = document.createElement('canvas')
    canvas.width = image.width
    canvas.height = image.height
    canvas.getContext('2d').drawImage(image, 0, 0)
    return canvas.toDataURL('image/webp', 0.9).split(',')[1]
  })()`
}
