import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'

/** Who holds a lease, as the table keeps it. */
export interface Owner {
  /** Where a process number means the same process: this machine since it started, in this container. */
  host: string
  pid: number
  /** Process numbers come again (in a container it is always 1); this does not. */
  instance: string
}

/** This process. Each call is an owner of its own. */
export function currentOwner(): Owner {
  return { host: processSpace(), pid: process.pid, instance: randomUUID() }
}

/** Containers may share a name and a volume, and each has a process 1: on Linux the namespace tells them apart. */
function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}

/** False only when it is certain: the same machine, and no such process. Everyone else is waited for. */
export function mayLive(owner: Owner, here: Owner): boolean {
  if (owner.host !== here.host) return true
  try {
    process.kill(owner.pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

/** Numbers of processes that are at work on a library, as their marks in `running/` say, but for `own`; empty: none. */
export async function usersOf(dataDirectory: string, own?: number): Promise<string> {
  const here = currentOwner()
  const marks = path.join(dataDirectory, 'running')
  const found: number[] = []
  for (const name of await readdir(marks).catch(() => [])) {
    try {
      const owner = JSON.parse(await readFile(path.join(marks, name), 'utf8')) as Owner
      if (owner.pid !== own && mayLive(owner, here)) found.push(owner.pid)
    } catch {
      // Half a mark, or none any more.
    }
  }
  return found.sort((a, b) => a - b).join(', ')
}
