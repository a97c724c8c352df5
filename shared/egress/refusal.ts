/** What is not connected to, told by the address as it is written, before a name is looked up. */
import { AppError } from '../errors.ts'
import type { RefusalReason } from '../model/index.ts'
import { addressOf, hostOf, isLocalName, isLoopback, isPublic } from './address.ts'
import { portOf } from './proxy.ts'

/** How far a connection may go: anywhere, into the public network, or to this machine. */
export type Reach = 'any' | 'public' | 'loopback'

export function refusalError(host: string, why: RefusalReason): AppError {
  return new AppError('egress-refused', { host, why })
}

/** Of ports below 1024, which belong to services that have a name, only the web's. What else is refused, `fetch` itself knows. */
const firstFree = 1024
const ofTheWeb = [80, 443]

/** Why nobody may be connected to by such an address; `toPublic`: it was not the operator who wrote it. */
export function refuseUrl(url: URL, toPublic: boolean): RefusalReason | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'scheme'
  if (url.username !== '' || url.password !== '') return 'credentials'
  const port = portOf(url)
  return toPublic && port < firstFree && !ofTheWeb.includes(port) ? 'port' : undefined
}

/** Whether the host lies beyond reach, as far as can be told without asking anybody; a name is told when it is connected to. */
export function isBeyond(url: URL, reach: Reach): boolean {
  const host = hostOf(url)
  const address = addressOf(host)
  if (reach === 'any') return false
  if (reach === 'loopback') return !isLocalName(host) && !(address !== undefined && isLoopback(address))
  return isLocalName(host) || (address !== undefined && !isPublic(address))
}

/** Whether an address that was found, or is connected to, lies within reach. */
export function isWithin(address: string, reach: Reach): boolean {
  return reach === 'any' || (reach === 'public' ? isPublic(address) : isLoopback(address))
}
