/** Whether a host, as it is listened on or as an address names it, is this machine and no other. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/**
 * Whether a request was addressed to this machine by a name that nobody else can give it. A page elsewhere can let its own name
 * lead to 127.0.0.1 (DNS rebinding), and its requests then count as of one origin with the answer; their Host header tells.
 * Without one the request came through no socket, as `server.fetch` is called in an app's own process.
 */
export function isForThisMachine(headers: Headers): boolean {
  const host = headers.get('host')
  return host === null || isLoopback(host.replace(/:\d*$/, ''))
}
