/** What the build knows of updates: `package.json` of the application has it, inside the archive whose integrity is checked. */
import type { Log } from '../../shared/ports.ts'
import type { Shell } from '../shell.ts'
import { createRequests, type FetchFile } from './request.ts'
import type { Updater } from './updates.ts'

export interface Channel {
  /** Where its files lie; the server is told (`UPDATE_CHANNEL`), and the user. */
  url: string
  /** Of who signs them. */
  key: string
}

/** Undefined where it names none, or one without a key. */
export function channelOf(manifest: unknown): Channel | undefined {
  const { updates } = (manifest ?? {}) as { updates?: unknown }
  const { url, key } = (updates ?? {}) as Record<string, unknown>
  return typeof url === 'string' && url !== '' && typeof key === 'string' && key !== '' ? { url, key } : undefined
}

/** Over the server's socket. `fetch`: as who owns the server. */
export function filesOver(fetch: (request: Request) => Promise<Response>): FetchFile {
  return (name, { range, signal }) => {
    const headers = range === undefined ? {} : { Range: range }
    return fetch(new Request(`http://localhost/desktop/updates/${encodeURIComponent(name)}`, { headers, signal }))
  }
}

/** Undefined where there are no updates, or what fetches them cannot be loaded: without them everything else works. */
export async function loadUpdater({
  shell: { channel, connectUpdater },
  fetch,
  log,
}: {
  shell: Pick<Shell, 'channel' | 'connectUpdater'>
  fetch: (request: Request) => Promise<Response>
  log: Log
}): Promise<Updater | undefined> {
  try {
    return channel && (await connectUpdater(channel, filesOver(fetch)))
  } catch (error) {
    log.error('there are no updates, as what fetches them cannot be loaded', { error })
    return undefined
  }
}

/** What of electron-updater is connected otherwise than it comes. */
export interface ConnectedUpdater extends Updater {
  setFeedURL(feed: { provider: 'generic'; url: string }): void
}

/** From here on all of its requests go to the server, by `fetchFile`. The address it is given leads nowhere, should one not. */
export function connectUpdater(updater: ConnectedUpdater, { key }: Channel, fetchFile: FetchFile): Updater {
  const { httpExecutor } = updater as unknown as { httpExecutor: { createRequest: unknown } }
  httpExecutor.createRequest = createRequests(fetchFile, key)
  updater.setFeedURL({ provider: 'generic', url: 'http://updates.invalid/' })
  return updater
}
