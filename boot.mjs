/**
 * The first command after a clone: `npm start`, `npm test` or another. Runs on any Node from 20 on, installs what package-lock.json
 * asks for when it is missing or older than the lock, and hands over to the real script on the Node that the install brought.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const scripts = {
  start: 'tools/start.ts',
  test: 'tools/test.ts',
  fix: 'tools/fix.ts',
  bench: 'bench/run.ts',
  histories: 'packages/server/test/model/main.ts',
  simulate: 'packages/server/test/simulate/main.ts',
  crash: 'packages/server/test/crash/main.ts',
  chaos: 'packages/server/test/chaos/main.ts',
  races: 'packages/server/test/concurrency/main.ts',
  drifts: 'packages/server/test/drifts/main.ts',
  'pack-proof': 'tools/pack-proof.ts',
}
const windows = process.platform === 'win32'

/** The child that does the work now: every signal is passed on to it, and it alone decides how to end. */
let current
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // On Ctrl-C the terminal tells the child as well: what this starts takes the second telling for the first.
  process.on(signal, () => current?.kill(signal))
}

/**
 * The processes above this one that must live: npm, and the shell that it put between. Where that shell has not replaced
 * itself by this process (dash, on Linux), it neither passes a signal on nor dies with npm.
 */
function parents() {
  const above = [process.ppid]
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
    const [, shell] = /\((.*)\)/s.exec(stat) ?? []
    if (shell?.endsWith('sh')) above.push(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  } catch {
    // No /proc here: the direct parent must do.
  }
  return above.join()
}

// A parent that is gone means: end. Only under npm: elsewhere somebody may have wanted to leave this running.
if (process.env.npm_lifecycle_event !== undefined) {
  const atFirst = parents()
  const lookEveryMs = 200
  setInterval(() => {
    if (parents() !== atFirst) current?.kill('SIGTERM')
  }, lookEveryMs).unref()
}

/** Runs a program to its end and gives the status that a shell would. */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    current = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    current.once('error', reject)
    current.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/** npm writes node_modules/.package-lock.json last, so its age says which lock is installed, and whether whole. */
function isInstalled() {
  const installed = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(installed)) return false
  return statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

function fittingNode() {
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  const bundled = join(root, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node')
  if (existsSync(bundled)) return bundled
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  console.error(
    `Tallystick needs Node 22.18 or newer here (this is ${process.version}); no bundled Node fits ${process.platform}-${process.arch}.`,
  )
  console.error('Install a newer Node from https://nodejs.org and run the same command again.')
  process.exit(1)
}

const [name, ...args] = process.argv.slice(2)
const script = scripts[name]
if (script === undefined) {
  console.error(`boot.mjs knows ${Object.keys(scripts).join(', ')}; it was given "${name ?? ''}".`)
  process.exit(2)
}

if (!isInstalled()) {
  console.log('Installing what package-lock.json asks for (about a minute, about 850 MB)…')
  const began = Date.now()
  const status = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { shell: windows })
  if (status !== 0) {
    if (status < 128)
      console.error(
        'npm ci failed. Its message is above; a second try often helps when the registry was slow.',
      )
    process.exit(status)
  }
  console.log(`Installed in ${Math.round((Date.now() - began) / 1000)} s.`)
}

// npm puts node_modules/.bin first on the path of what it runs; here the same is done for what the script starts.
const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
process.exit(
  await run(fittingNode(), ['--conditions=source', join(root, script), ...args], {
    env: { ...process.env, PATH: path },
  }),
)
