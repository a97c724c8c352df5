/**
 * Where a server listens: another place each time it is started, which nobody can know before. A named pipe on Windows, else a socket in a
 * folder that is made for it and that no other user can enter.
 */
import { randomBytes } from 'node:crypto'
import { lstat, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { isAnswered } from '../../shared/processes/is-answered.ts'

export interface SocketPlace {
  path: string
  /** The folder goes. Never rejects. */
  leave(): Promise<void>
}

/** Bytes: 108 on Linux and 104 on macOS hold a path with its end. */
const longest = 100
const socketName = 's'
/** By the process that made it: what a killed one left can be told. */
const folderName = /^cloister-(\d+)-[A-Za-z\d]{6}$/

/** `folders`: where that may be, the best first; the first one that will do is taken. Throws where none does. */
export async function makeSocketPlace(
  folders: readonly string[],
  platform: NodeJS.Platform = process.platform,
): Promise<SocketPlace> {
  if (platform === 'win32')
    return { path: `\\\\.\\pipe\\cloister-${randomBytes(16).toString('hex')}`, leave: async () => {} }
  const wrong: unknown[] = []
  for (const folder of folders) {
    const prefix = path.join(folder, `cloister-${process.pid}-`)
    if (Buffer.byteLength(path.join(`${prefix}XXXXXX`, socketName)) >= longest) {
      wrong.push(new Error(`${folder} is too long for a socket of less than ${longest} bytes`))
      continue
    }
    try {
      await demandSafe(folder)
      await removeLeft(folder)
      // By the system's own rules (mode 0700, a name that nobody has).
      const own = await mkdtemp(prefix)
      return {
        path: path.join(own, socketName),
        leave: () => rm(own, { recursive: true, force: true }).catch(() => {}),
      }
    } catch (error) {
      wrong.push(error)
    }
  }
  throw new AggregateError(wrong, `no folder for a socket: ${wrong.map(String).join('; ')}`)
}

/** Whoever may rename what lies in it could put a folder of theirs in the place of ours. */
async function demandSafe(folder: string): Promise<void> {
  const { uid, mode } = await lstat(await realpath(folder))
  const isSticky = (mode & 0o1000) !== 0
  if ((uid === process.getuid?.() || uid === 0) && (isSticky || (mode & 0o022) === 0)) return
  throw new Error(`others can write in ${folder}`)
}

/** Of programs that were killed. */
async function removeLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(folderName.exec(name)?.[1])
    if (!pid || isAlive(pid)) continue
    const left = path.join(folder, name)
    const found = await lstat(left).catch(() => undefined)
    if (!found?.isDirectory() || found.uid !== process.getuid?.()) continue
    // A process of another namespace counts its processes anew.
    if (await isAnswered(path.join(left, socketName))) continue
    await rm(left, { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
