/**
 * `server.json` in the data directory says where the server that runs there listens and with which token, for the other
 * commands of the same user. It announces; whether a server runs is said by the lock alone (`directory-lock.ts`).
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../shared/errors.ts'
import { currentOwner, mayLive, type Owner } from '../shared/queue/owner.ts'
import { claimDirectory } from './directory-lock.ts'

export interface RunningServer {
  owner: Owner
  pid: number
  /** `http://127.0.0.1:3210`; null without a port. */
  address: string | null
  socket: string | null
  token: string
}

/** The data directory, held by this process's server. */
export interface ServerClaim {
  /** Says where the server listens, once it does. */
  tell(where: Pick<RunningServer, 'address' | 'socket'>): Promise<void>
  release(): Promise<void>
}

/** Milliseconds after which a server that is asked does not answer. */
const answerTime = 2000

/** Throws `server-running` with the other one's address, and what `claimDirectory` throws. */
export async function claimServer(folder: string, token: string, signal?: AbortSignal): Promise<ServerClaim> {
  const lock = await claimDirectory(folder, signal)
  if (!lock) {
    const other = await readRunning(folder)
    throw new AppError('server-running', { address: other?.address ?? other?.socket ?? folder })
  }
  const file = path.join(folder, 'server.json')
  const owner = currentOwner()
  const remove = () => rm(file, { force: true })
  try {
    // Of one that was killed: whoever holds the lock may say so.
    await remove()
  } catch (error) {
    lock.release()
    throw error
  }
  return {
    async tell(where) {
      const known: RunningServer = { owner, pid: process.pid, ...where, token }
      const next = `${file}.${owner.instance}`
      await writeFile(next, JSON.stringify(known), { flag: 'wx', mode: 0o600 })
      await rename(next, file)
    },
    async release() {
      try {
        await remove()
      } finally {
        lock.release()
      }
    },
  }
}

/**
 * The server that is announced here; undefined when there is none, its process is gone, or what lies there is something
 * else. That it answers is another matter.
 */
export async function readRunning(folder: string): Promise<RunningServer | undefined> {
  const text = await readFile(path.join(folder, 'server.json'), 'utf8').catch(() => '')
  try {
    const found: unknown = JSON.parse(text)
    return isRunning(found) && mayLive(found.owner, currentOwner()) ? found : undefined
  } catch {
    return undefined
  }
}

function isRunning(value: unknown): value is RunningServer {
  const { owner, pid, address, socket, token } = fieldsOf(value)
  const { host, pid: process, instance } = fieldsOf(owner)
  const isPlace = (place: unknown) => place === null || typeof place === 'string'
  return (
    [host, instance, token].every(text => typeof text === 'string' && text !== '') &&
    [pid, process].every(number => Number.isSafeInteger(number) && Number(number) > 0) &&
    [address, socket].every(isPlace) &&
    (address !== null || socket !== null)
  )
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Whether it is there and knows us, at its address or over its socket. */
export async function answers({ address, socket, token }: RunningServer, signal: AbortSignal): Promise<boolean> {
  const { createSocketFetch } = await import('../shared/processes/socket-fetch.ts')
  const url = `${address ?? 'http://localhost'}/api/v1/session`
  const request = new Request(url, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerTime)]),
  })
  try {
    const response = await createSocketFetch(address === null ? socket : null)(request)
    await response.body?.cancel()
    return response.ok
  } catch {
    signal.throwIfAborted()
    return false
  }
}
