/**
 * Runs one command of `--run` through the shell and ends it, with all that it started, when standard input closes (the
 * supervisor is gone) or SIGTERM comes. It leads the process group that it and the command are in.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const patienceMs = 8_000
const windows = process.platform === 'win32'
const command = process.argv[2] ?? ''
const child = spawn(command, { shell: true, stdio: ['ignore', 'inherit', 'inherit'] })

function endGroup(signal: NodeJS.Signals): void {
  if (windows) child.kill(signal)
  else process.kill(-process.pid, signal)
}

let ending = false
function end(): void {
  if (ending) return
  ending = true
  endGroup('SIGTERM')
  setTimeout(() => endGroup('SIGKILL'), patienceMs).unref()
}

let orphaned = false
function orphan(): void {
  orphaned = true
  end()
}

process.on('SIGTERM', end)
process.on('SIGINT', end)
process.stdin.once('end', orphan)
process.stdin.once('error', orphan)
process.stdin.resume()

child.once('error', (error) => {
  console.error(`error: ${command}: ${error.message}`)
  process.exit(127)
})
child.once('exit', (code, signal) => {
  // What the command left in the background goes with it; the supervisor sees to that, or, when it is gone, this process.
  if (orphaned) endGroup('SIGKILL')
  process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
})
