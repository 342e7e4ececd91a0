/** A child for the supervisor's tests. What it does stands in its arguments. */
import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [does = '', file = ''] = process.argv.slice(2)
const note = (line: string) => appendFileSync(file, `${line}\n`)

process.on('SIGTERM', () => {
  note(`SIGTERM ${does}`)
  if (does !== 'ignores-sigterm') process.exit(0)
})

if (does === 'dies-at-once') {
  console.error('Error: the file tallystick.config.ts is wrong')
  process.exit(1)
}
if (does === 'finishes') process.exit(0)
if (does === 'has-a-child') {
  const grandchild = spawn(process.execPath, [import.meta.filename, 'sleeps', file], { stdio: 'ignore' })
  note(`grandchild ${grandchild.pid}`)
}
if (does === 'leaves-a-talker') {
  // In a group of its own, and with the same standard output.
  const talker = spawn(process.execPath, ['--eval', "setInterval(() => console.log('talk'), 20)"], {
    stdio: ['ignore', 'inherit', 'ignore'],
    detached: true,
  })
  note(`grandchild ${talker.pid}`)
}
if (does === 'sleeps') setInterval(() => {}, 60_000)
else if (does !== 'never-answers') {
  createServer((request, response) => {
    if (request.url === '/die') process.kill(process.pid, 'SIGKILL')
    if (request.url === '/fail') process.exit(3)
    response.end(String(process.pid))
  }).listen(Number(process.env['PORT']), '127.0.0.1')
} else setInterval(() => {}, 60_000)
note(`started ${process.pid}`)
