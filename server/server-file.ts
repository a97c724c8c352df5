/**
 * `server.json` in the data directory says which server runs there, where it listens and with which token, for the other
 * commands of the same user. It is also the lock: one server for a data directory.
 */
import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../shared/errors.ts'
import { currentOwner, mayLive, type Owner } from '../shared/queue/owner.ts'

export interface RunningServer {
  owner: Owner
  pid: number
  /** `http://127.0.0.1:3210`; null while it starts, or without a port. */
  address: string | null
  socket: string | null
  token: string
}

export interface ServerFile {
  /** Says where the server listens, once it does. */
  tell(where: Pick<RunningServer, 'address' | 'socket'>): Promise<void>
  remove(): Promise<void>
}

/** Milliseconds between two signs of life, and after which a server of another machine (or container) is given up. */
const beat = 10_000
const lost = 60_000

/** Throws `server-running` with the other one's address. */
export async function claimServerFile(folder: string, token: string): Promise<ServerFile> {
  const file = path.join(folder, 'server.json')
  const owner = currentOwner()
  let known: RunningServer = { owner, pid: process.pid, address: null, socket: null, token }
  for (;;) {
    try {
      await writeFile(file, JSON.stringify(known), { flag: 'wx', mode: 0o600 })
      break
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const other = await readRunning(folder)
    if (other) throw new AppError('server-running', { address: other.address ?? other.socket ?? folder })
    // Set aside under a name of its own first: of two that find the same stale file, one takes it away.
    const stale = `${file}.${randomUUID()}`
    await rename(file, stale).catch(() => {})
    await rm(stale, { force: true })
  }
  const beating = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), beat)
  beating.unref()
  return {
    async tell(where) {
      known = { ...known, ...where }
      const next = `${file}.${owner.instance}`
      await writeFile(next, JSON.stringify(known), { mode: 0o600 })
      await rename(next, file)
    },
    async remove() {
      clearInterval(beating)
      const now = await readFile(file, 'utf8').catch(() => '')
      if (now.includes(owner.instance)) await rm(file, { force: true })
    },
  }
}

/** The server that runs on this data directory; undefined when there is none, or its process is gone. */
export async function readRunning(folder: string): Promise<RunningServer | undefined> {
  const file = path.join(folder, 'server.json')
  try {
    const found = JSON.parse(await readFile(file, 'utf8')) as RunningServer
    const here = currentOwner()
    if (!mayLive(found.owner, here)) return undefined
    const age = Date.now() - (await stat(file)).mtimeMs
    // Elsewhere, its process cannot be asked; here, another process may have got its number.
    if (age > lost) return (await answers(found)) ? found : undefined
    return found
  } catch {
    return undefined
  }
}

async function answers({ address, token }: RunningServer): Promise<boolean> {
  if (address === null) return false
  const headers = { authorization: `Bearer ${token}` }
  const signal = AbortSignal.timeout(2000)
  return fetch(`${address}/api/v1/session`, { headers, signal }).then(
    response => response.ok,
    () => false,
  )
}
