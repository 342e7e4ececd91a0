/**
 * Proves that what would be published works for somebody else: builds and packs the three packages, installs the tarballs in an
 * empty Express app outside the repository, pastes the README's ten lines, and spends a credit.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { root, runStep } from './run-step.ts'
import { tenLinesOfReadme } from './ten-lines.ts'

const packages = ['dodo-sandbox', 'client', 'server']
const readyTimeoutMs = 90_000

async function step(name: string, command: string, args: readonly string[], cwd = root): Promise<string> {
  const result = await runStep(command, args, cwd)
  if (result.status !== 0) throw new Error(`${name} failed:\n${result.output}`)
  console.log(`${name} (${(result.durationMs / 1000).toFixed(1)} s)`)
  return result.output
}

/** Tarballs by package, as `npm publish` would send them. */
async function pack(folder: string): Promise<Record<string, string>> {
  const tarballs: Record<string, string> = {}
  for (const name of packages) {
    rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true })
    await step(`build ${name}`, 'tsc', ['-p', join('packages', name, 'tsconfig.build.json')])
    await step(`pack ${name}`, 'npm', ['pack', join(root, 'packages', name), '--pack-destination', folder])
  }
  for (const file of readdirSync(folder)) {
    const name = /^(?:tallystick-)?(client|dodo-sandbox)?.*\.tgz$/.exec(file)?.[1]
    tarballs[name === undefined ? 'tallystick' : `@tallystick/${name}`] = `file:${join(folder, file)}`
  }
  return tarballs
}

/** The app of somebody who has read the README. */
function writeApp(app: string, tarballs: Record<string, string>): void {
  mkdirSync(app)
  const manifest = {
    name: 'shop',
    private: true,
    type: 'module',
    dependencies: { ...tarballs, express: '5.3.0' },
    devDependencies: { '@types/express': '5.0.6', '@types/node': '24.19.2', typescript: '7.0.2' },
  }
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest, null, 2))
  const compilerOptions = {
    strict: true,
    target: 'es2024',
    module: 'nodenext',
    noEmit: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    skipLibCheck: true,
  }
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  cpSync(join(root, 'examples/express-app/tallystick.config.ts'), join(app, 'tallystick.config.ts'))
  writeFileSync(
    join(app, 'app.ts'),
    `import express from 'express'\n\nconst app = express()\n\n${tenLinesOfReadme()}\n\napp.listen(Number(process.env['PORT']), '127.0.0.1')\n`,
  )
  // Were the packages' declarations not found, everything would be \`any\` and nothing an error.
  writeFileSync(
    join(app, 'types.ts'),
    `import { createClient } from '@tallystick/client'
import { startDodoSandbox } from '@tallystick/dodo-sandbox'
import { createEngine } from 'tallystick'
import { createTestEngine } from 'tallystick/testing'
import catalog from './tallystick.config.ts'

export async function check(): Promise<void> {
  const credits = createClient<typeof catalog>()
  await credits.charge({ customer: 'ada', action: 'image.hires' })
  // @ts-expect-error there is no such action
  await credits.charge({ customer: 'ada', action: 'image.hirez' })
  // @ts-expect-error an engine needs a catalog
  await createEngine({ database: { dataDir: undefined } })
  // @ts-expect-error a port is a number
  await startDodoSandbox({ port: 'any' })
  // @ts-expect-error the clock begins at a date
  await createTestEngine({ catalog, now: 'today' })
}
`,
  )
  writeFileSync(
    join(app, 'test-engine.ts'),
    `import { createClient } from '@tallystick/client'
import { createTestEngine } from 'tallystick/testing'
import catalog from './tallystick.config.ts'

const began = performance.now()
const test = await createTestEngine({ catalog })
const ms = Math.round(performance.now() - began)
const credits = createClient<typeof catalog>(test.server)
await credits.charge({ customer: 'ada', action: 'image.standard' })
const { available } = await credits.balance('ada')
await test.close()
console.log(\`A test engine was up in \${ms} ms; \${available} of 50 credits are left.\`)
`,
  )
}

/** With an empty temporary folder, which stays empty: the snapshot came with the package. */
async function spendInATestEngine(app: string): Promise<void> {
  const temporary = join(app, 'tmp')
  mkdirSync(temporary)
  const { status, output } = await runStep(process.execPath, ['test-engine.ts'], app, {
    TMPDIR: temporary,
    TEMP: temporary,
  })
  if (status !== 0 || !output.includes('; 49 of 50 credits are left.'))
    throw new Error(`tallystick/testing failed:\n${output}`)
  if (readdirSync(temporary).length > 0)
    throw new Error('tallystick/testing made a snapshot instead of finding the one in the package.')
  console.log(output.trim())
}

async function spendACredit(app: string): Promise<void> {
  const windows = process.platform === 'win32'
  const args = ['tallystick', 'dev', '--no-open', '--run', 'app=node app.ts']
  const dev = spawn('npx', args, {
    cwd: app,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !windows,
    shell: windows,
  })
  const ended = once(dev, 'close')
  // Told to end early (run-step.ts), this process takes the stack along.
  const onExit = () => endGroup(dev)
  process.once('exit', onExit)
  let output = ''
  for (const stream of [dev.stdout, dev.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += String(text)
    })
  }
  try {
    const began = performance.now()
    while (!/^dodo http/m.test(output)) {
      if (dev.exitCode !== null || performance.now() - began > readyTimeoutMs)
        throw new Error(`npx tallystick dev did not come up:\n${output}`)
      await delay(50)
    }
    console.log(`npx tallystick dev (${((performance.now() - began) / 1000).toFixed(1)} s)`)
    const address = /^app (\S+)$/m.exec(output)?.[1] ?? ''
    const headers = { 'x-user': 'ada' }
    const answer = await fetch(`${address}/enlarge`, { method: 'POST', headers })
    const picture = await answer.text()
    if (answer.status !== 200)
      throw new Error(`POST /enlarge answered ${answer.status}: ${picture}\n${output}`)
    const balance = (await (await fetch(`${address}/credits`, { headers })).json()) as { available: string }
    if (balance.available !== '45')
      throw new Error(`After the call the balance is ${JSON.stringify(balance)}.`)
    console.log(`POST /enlarge answered ${picture}; 45 of 50 credits are left.`)
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${output}`, { cause: error })
  } finally {
    endGroup(dev)
    await ended
    process.off('exit', onExit)
  }
}

function endGroup(dev: ChildProcess): void {
  if (dev.pid === undefined || process.platform === 'win32') {
    dev.kill()
    return
  }
  try {
    process.kill(-dev.pid, 'SIGTERM')
  } catch {
    // It has ended by itself.
  }
}

const folder = mkdtempSync(join(tmpdir(), 'tallystick-pack-'))
try {
  const app = join(folder, 'shop')
  const tarballsFolder = join(folder, 'tarballs')
  mkdirSync(tarballsFolder)
  writeApp(app, await pack(tarballsFolder))
  await step(
    'npm install',
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'],
    app,
  )
  await step('types of the packages, TypeScript 7', 'npx', ['tsc', '-p', app], app)
  // Most apps are not there yet.
  const typescript5 = join(root, 'tools/client-types/node_modules/typescript/bin/tsc')
  await step('types of the packages, TypeScript 5', process.execPath, [typescript5, '-p', app], app)
  await spendInATestEngine(app)
  await spendACredit(app)
  console.log('The packed packages work.')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
process.exit()
