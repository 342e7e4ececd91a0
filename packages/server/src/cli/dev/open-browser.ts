import { spawn } from 'node:child_process'

/** Opens an address in the person's browser; where there is none, nothing happens. */
export function openBrowser(url: string): void {
  const [command, ...args] = commandFor(process.platform)
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  child.once('error', () => {})
  child.unref()
}

function commandFor(platform: NodeJS.Platform): [string, ...string[]] {
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['cmd', '/c', 'start', '']
  return ['xdg-open']
}
