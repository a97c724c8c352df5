/** The way out of this machine, and what is reached past it. */
import { v7 } from 'uuid'
import type { CoreSettings } from '../shared/core.ts'
import { openEgress } from '../shared/egress/egress.ts'
import type { Egress, Log } from '../shared/ports.ts'
import type { Config } from './config.ts'

/** What `config` says of connections to other machines, as the core takes it. Throws `setting-invalid` for a proxy. */
export function openOutgoing(
  config: Pick<Config, 'outgoing' | 'database' | 'blobStore' | 'cache'>,
  log: Log,
): { egress: Egress } & Pick<CoreSettings, 'offline' | 'ledgerRetention' | 'connections'> {
  const { proxies, offline, ledgerRetention } = config.outgoing
  const egress = openEgress({ clock: { now: () => Date.now() }, ids: { next: () => v7() }, log, proxies })
  return { egress, offline, ledgerRetention, connections: connectionsOf(config) }
}

/** What the product stands on: drivers connect to it by themselves. What is on no network is not in it. */
export function connectionsOf({
  database,
  blobStore,
  cache,
}: Pick<Config, 'database' | 'blobStore' | 'cache'>): NonNullable<CoreSettings['connections']> {
  const databases = [database?.url, database?.directUrl].flatMap(url => placeOf('database', url, 5432))
  const { kind, endpoint, region, bucket } = blobStore
  const store = endpoint ?? `https://${bucket}.s3.${region}.amazonaws.com`
  const all = [
    ...databases,
    ...placeOf('cache', cache.redisUrl, 6379),
    ...(kind === 's3' ? placeOf('blob-store', store, 443) : []),
  ]
  return all.filter((one, at) => at === all.findIndex(({ host, port }) => host === one.host && port === one.port))
}

function placeOf(purpose: 'database' | 'blob-store' | 'cache', address: string | undefined, usual: number) {
  const url = address === undefined ? undefined : URL.parse(address)
  // A socket is given as a folder, in place of the host or behind it.
  const host = url?.searchParams.get('host') ?? url?.hostname ?? ''
  if (!url || host === '' || host.startsWith('/') || host.startsWith('%2F')) return []
  const port = Number(url.searchParams.get('port') ?? url.port) || (url.protocol === 'http:' ? 80 : usual)
  return [{ purpose, host: host.replace(/^\[|\]$/g, ''), port }]
}
