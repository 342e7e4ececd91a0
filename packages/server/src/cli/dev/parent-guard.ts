/**
 * Loaded into a child before its program (`node --import`): ends the process in order when its standard input closes, which
 * happens when the supervisor at the other end is gone, however it went.
 */
const patienceMs = 10_000

function end(): void {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), patienceMs).unref()
}

process.stdin.once('end', end)
process.stdin.once('error', end)
process.stdin.resume()
// Watching must not keep alive a program that has ended otherwise.
if ('unref' in process.stdin) process.stdin.unref()
// The supervisor read what this prints; with it gone, a last log line must not end the program in the middle of closing.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
