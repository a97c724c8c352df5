import { isIPv4 } from 'node:net'

/** Whether the server may listen there: on addresses of this machine alone, written so that all systems read the same. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
