/**
 * The first command after a clone: `npm start` or `npm test`. Runs on any Node from 20 on, installs what package-lock.json
 * asks for when it is missing or older than the lock, and hands over to the real script on the Node that the install brought.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const scripts = { start: 'tools/start.ts', test: 'tools/test.ts', fix: 'tools/fix.ts' }
const windows = process.platform === 'win32'

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (result.error) throw result.error
  return result.status ?? 1
}

/** npm writes node_modules/.package-lock.json last, so its age says which lock is installed, and whether whole. */
function isInstalled() {
  const installed = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(installed)) return false
  return statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

function bundledNode() {
  const bundled = join(root, 'node_modules/.bin', windows ? 'node.cmd' : 'node')
  if (existsSync(bundled)) return bundled
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  console.error(`Tallystick needs Node 22.18 or newer here (this is ${process.version}); no bundled Node fits ${process.platform}-${process.arch}.`)
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
  const status = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { shell: windows })
  if (status !== 0) {
    console.error('npm ci failed. Its message is above; a second try often helps when the registry was slow.')
    process.exit(status)
  }
  console.log(`Installed in ${Math.round((Date.now() - began) / 1000)} s.`)
}

// npm puts node_modules/.bin first on the path of what it runs; here the same is done for what the script starts.
const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(windows ? ';' : ':')
// The script ends the children that it started; until it has, Ctrl-C must not take this process away above it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.exit(run(bundledNode(), ['--conditions=source', join(root, script), ...args], { env: { ...process.env, PATH: path } }))
