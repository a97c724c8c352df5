/** Opens connections, and checks the very address that is connected to: what a name meant a moment before says nothing. */
import { lookup as askSystem } from 'node:dns/promises'
import type { LookupFunction, Socket } from 'node:net'
import type { buildConnector, Client } from 'undici'
import { addressOf, hostOf, isLocalName } from './address.ts'
import { type ProxyServer, portOf } from './proxy.ts'
import { isBeyond, isWithin, type Reach, refusalError } from './refusal.ts'

/** The addresses of a name, all of them. Throws the system's error. */
export type Lookup = (host: string) => Promise<{ address: string; family: number }[]>

export const systemLookup: Lookup = host => askSystem(host, { all: true })

/** Milliseconds until a connection stands, with TLS, and until a proxy has answered. */
const connectTime = 10_000
const proxyTime = 30_000

export type Connect = buildConnector.connector

interface Means {
  undici: { buildConnector: typeof buildConnector; Client: typeof Client }
  lookup: Lookup
  proxyOf(url: URL): ProxyServer | undefined
}

/**
 * Connects to addresses within reach alone, through the proxy where there is one for the address.
 *
 * `pinned`: a proxy is told the address that was checked here, so that it does not look the name up anew; else it is told the
 * name, and a name that cannot be looked up here is left to it.
 *
 * Fails with `egress-refused` (`why` is `not-public`), and as sockets do.
 */
export function createConnect(
  { undici, lookup, proxyOf }: Means,
  { reach, pinned }: { reach: Reach; pinned: boolean },
): Connect {
  const { buildConnector, Client } = undici
  const settings = { allowH2: false, timeout: connectTime }
  const within = promised(buildConnector({ ...settings, lookup: lookupWithin(lookup, reach) }))
  const toProxy = buildConnector({ ...settings, lookup: lookupWithin(lookup, 'any') })

  /** What the proxy is to connect to. */
  async function throughProxy(url: URL): Promise<string> {
    const host = hostOf(url)
    if (reach === 'any' || addressOf(host) !== undefined) return url.hostname
    const found = await lookup(host).catch(error => {
      if (pinned) throw error
      return []
    })
    const address = found.find(each => isWithin(each.address, reach))?.address
    if (address === undefined && (pinned || found.length > 0)) throw refusalError(host, 'not-public')
    if (!pinned || address === undefined) return url.hostname
    return address.includes(':') ? `[${address}]` : address
  }

  async function tunnel(proxy: ProxyServer, url: URL): Promise<Socket> {
    const authority = `${await throughProxy(url)}:${portOf(url)}`
    const client = new Client(proxy.origin, { connect: toProxy, headersTimeout: proxyTime })
    try {
      const { socket, statusCode } = await client.connect({
        path: authority,
        headers: { host: authority, ...(proxy.authorization && { 'proxy-authorization': proxy.authorization }) },
      })
      if (statusCode === 200) return socket as Socket
      socket.on('error', () => {}).destroy()
      throw new Error(`the proxy answered ${statusCode}`)
    } catch (cause) {
      void client.destroy().catch(() => {})
      throw Object.assign(new Error('no connection through the proxy', { cause }), { code: 'ERR_PROXY' })
    }
  }

  async function open(options: buildConnector.Options): Promise<Socket> {
    const url = new URL(`${options.protocol}//${options.host ?? options.hostname}`)
    if (isBeyond(url, reach)) throw refusalError(hostOf(url), 'not-public')
    const proxy = proxyOf(url)
    if (proxy) {
      const socket = await tunnel(proxy, url)
      return options.protocol === 'https:' ? within({ ...options, httpSocket: socket }) : socket
    }
    const socket = await within(options)
    if (isWithin(socket.remoteAddress ?? '', reach)) return socket
    socket.on('error', () => {}).destroy()
    throw refusalError(hostOf(url), 'not-public')
  }

  return (options, callback) => {
    open(options).then(
      socket => callback(null, socket),
      (error: Error) => callback(error, null),
    )
  }
}

/** Only what is within reach is found, so that nothing else is connected to. */
function lookupWithin(lookup: Lookup, reach: Reach): LookupFunction {
  const find = async (name: string) => {
    const host = name.replace(/\.$/, '')
    const found = isLocalName(host) ? ourselves : reach === 'loopback' ? [] : await lookup(name)
    const permitted = found.filter(({ address }) => isWithin(address, reach))
    if (permitted.length === 0) throw refusalError(host, 'not-public')
    return permitted
  }
  return (name, options, callback) => {
    find(name).then(
      found => (options.all ? callback(null, found) : callback(null, found[0].address, found[0].family)),
      (error: Error) => callback(error, ''),
    )
  }
}

const ourselves = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

function promised(connect: Connect): (options: buildConnector.Options) => Promise<Socket> {
  return options =>
    new Promise((resolve, reject) => {
      connect(options, (error, socket) => (socket ? resolve(socket) : reject(error)))
    })
}
