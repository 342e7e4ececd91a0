import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'

const screenshots = new URL('../docs/screenshots/', import.meta.url)

/** Starts the Chromium that npm brings. The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const folder = await unpackedChromium()
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    // The package's own list switches web security off, on which a checkout in an overlay must be tested.
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--disable-background-networking',
      '--no-first-run',
      '--font-render-hinting=none',
    ],
    // A machine without fonts would show no letter; with these, pictures are alike everywhere.
    env: { ...process.env, FONTCONFIG_FILE: join(folder, 'fonts.conf') },
  })
}

/**
 * Keeps a picture of the page for the docs, as `docs/screenshots/<name>.png`, when TALLYSTICK_SCREENSHOTS=1; otherwise it only
 * checks that the page can be drawn, so that an everyday test run changes no file.
 */
export async function screenshot(page: Page, name: string): Promise<void> {
  // What moves would differ from picture to picture.
  const picture = { animations: 'disabled', caret: 'hide' } as const
  if (process.env['TALLYSTICK_SCREENSHOTS'] !== '1') {
    await page.screenshot(picture)
    return
  }
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ ...picture, path: fileURLToPath(new URL(`${name}.png`, screenshots)) })
}

/**
 * The package unpacks itself into TMPDIR and takes whatever lies there for itself, whole or not, anybody's. So it unpacks into a
 * draft, which becomes, by one rename, a folder of this user and this version.
 */
async function unpackedChromium(): Promise<string> {
  const packageFile = new URL('../package.json', import.meta.resolve('@sparticuz/chromium'))
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }
  const user = process.getuid?.() ?? 0
  const folder = join(tmpdir(), `tallystick-chromium-${user}-${version}`)
  if (isOurs(folder, user)) return folder

  const draft = mkdtempSync(`${folder}-`)
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = draft
  try {
    const { default: packed } = await import('@sparticuz/chromium')
    await packed.executablePath()
    writeFileSync(join(draft, 'fonts.conf'), fontSettings(folder))
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
  try {
    renameSync(draft, folder)
  } catch {
    // Another test process was quicker, or the name is somebody else's.
    if (!isOurs(folder, user)) return draft
    rmSync(draft, { recursive: true })
  }
  return folder
}

/** The bundled letters for everyday text; the machine's own, where there are any, for what these lack. */
function fontSettings(folder: string): string {
  const preferences = ['sans-serif', 'system-ui', 'ui-sans-serif'].map(
    (family) => `<match target="pattern">
    <test name="family"><string>${family}</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Open Sans</string></edit>
  </match>`,
  )
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
  ${preferences.join('\n  ')}
</fontconfig>
`
}

function isOurs(folder: string, user: number): boolean {
  if (!existsSync(folder)) return false
  const { uid, mode } = statSync(folder)
  return process.getuid === undefined || (uid === user && (mode & 0o022) === 0)
}
