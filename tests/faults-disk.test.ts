/** A disk that is really full, and files that change, vanish or cannot be read while they are added. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFile, chmod, mkdir, mkdtemp, readdir, rm, statfs, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeZip } from '../scripts/fixtures/zip.ts'
import { type OpenedCore, openCore } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import { findFiles } from '../server/files.ts'
import { toAppError } from '../shared/errors.ts'
import type { Scope } from '../shared/model/index.ts'
import { silent } from './open-store.ts'

const limit = 120_000
const megabyte = 1024 * 1024

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-faults-disk-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function until(what: string, reached: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + limit / 2
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`never came: ${what}`)
    await pause(20)
  }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => toAppError(error).code,
  )

async function* parts(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

const open = (data: string) => openCore({ config: readConfig({ data, environment: {} }), log: silent })

async function scopeOf({ core }: OpenedCore): Promise<Scope> {
  return { userId: 'local', projectId: (await core.projects.find('local')).id }
}

/** Only who may mount can have a disk of one's own. */
function mount(at: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('a full disk', () => {
  let disk: string
  let mounted = false
  beforeEach(async () => {
    disk = path.join(folder, 'disk')
    await mkdir(disk)
    mounted = mount(disk, '16m')
  })
  afterEach(() => {
    if (mounted) execFileSync('umount', ['-l', disk], { stdio: 'ignore' })
  })

  /** Takes all but so many bytes. */
  async function fill(rest: number): Promise<void> {
    const { bavail, bsize } = await statfs(disk)
    await writeFile(path.join(disk, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - rest), 1)).catch(() => {})
  }
  const makeRoom = () => rm(path.join(disk, 'filler'), { force: true })

  test(
    'at the start is told, and the next start with room goes well',
    async ({ skip }) => {
      skip(!mounted, 'a disk of its own can be mounted only by root')
      // No room for a folder, for the database, for the index of its log, for its tables.
      for (const free of [0, 8192, 32_768, 131_072]) {
        await fill(free)
        expect(await codeOf(open(path.join(disk, 'data')))).toBe('disk-full')
        await makeRoom()
        await rm(path.join(disk, 'data'), { recursive: true, force: true })
      }
      const opened = await open(path.join(disk, 'data'))
      await opened.close()
    },
    limit,
  )

  test(
    'in the middle of an upload is told, and what came so far does not stay',
    async ({ skip }) => {
      skip(!mounted, 'a disk of its own can be mounted only by root')
      const opened = await open(path.join(disk, 'data'))
      try {
        const scope = await scopeOf(opened)
        const large = Buffer.alloc(20 * megabyte, 'Text. ')
        expect(await codeOf(opened.core.documents.add(scope, { name: 'a.txt', open: () => parts(large) }))).toBe(
          'disk-full',
        )
        expect(await readdir(path.join(disk, 'data', 'blobs', 'tmp'))).toEqual([])
        const small = Buffer.from('Das Dach ist dicht.')
        await opened.core.documents.add(scope, { name: 'b.txt', open: () => parts(small) })
        expect(await opened.core.documents.list(scope)).toHaveLength(1)
      } finally {
        await opened.close()
      }
    },
    limit,
  )

  test(
    'in the middle of the work holds it up, with the reason, until there is room again',
    async ({ skip }) => {
      skip(!mounted, 'a disk of its own can be mounted only by root')
      const opened = await open(path.join(disk, 'data'))
      try {
        const { core } = opened
        const scope = await scopeOf(opened)
        const text = (about: string) => `Protokoll ${about}. ${`Der Beschluss ${about} gilt ab Mai. `.repeat(2000)}`
        const files = [
          {
            name: 'ordner.zip',
            bytes: writeZip([1, 2, 3].map(at => ({ name: `${at}.txt`, bytes: text(`innen ${at}`) }))),
          },
          ...[1, 2, 3, 4].map(at => ({ name: `${at}.txt`, bytes: Buffer.from(text(`außen ${at}`)) })),
        ]
        for (const { name, bytes } of files) await core.documents.add(scope, { name, open: () => parts(bytes) })
        await fill(0)
        core.start()
        await until('trouble', () => core.trouble() !== undefined)
        expect(core.trouble()?.code).toBe('disk-full')
        // What is there can be asked for all the same.
        await core.search(scope, 'Beschluss')
        expect(await core.documents.list(scope)).toSatisfy(
          (documents: { state: string }[]) =>
            documents.length >= 5 && documents.every(({ state }) => state !== 'failed'),
        )
        await makeRoom()
        await until('the end of the work', async () => {
          await core.settled(scope, AbortSignal.timeout(limit)).catch(() => {})
          const documents = await core.documents.list(scope)
          return documents.length === 8 && documents.every(({ state }) => state === 'ready')
        })
        await until('the end of the trouble', () => core.trouble() === undefined)
      } finally {
        await opened.close()
      }
    },
    limit,
  )

  test(
    'does not keep the program from ending in order',
    async ({ skip }) => {
      skip(!mounted, 'a disk of its own can be mounted only by root')
      const opened = await open(path.join(disk, 'data'))
      const scope = await scopeOf(opened)
      const small = Buffer.from('Das Dach ist dicht. '.repeat(5000))
      await opened.core.documents.add(scope, { name: 'b.txt', open: () => parts(small) })
      await fill(0)
      await opened.close()
      expect(await readdir(path.join(disk, 'data', 'running'))).toEqual([])
      await makeRoom()
      const again = await open(path.join(disk, 'data'))
      expect(await again.core.documents.list(scope)).toHaveLength(1)
      await again.close()
    },
    limit,
  )

  test(
    'that can only be read is named at the start',
    async ({ skip }) => {
      skip(!mounted, 'a disk of its own can be mounted only by root')
      await (await open(path.join(disk, 'data'))).close()
      execFileSync('mount', ['-o', 'remount,ro', disk], { stdio: 'ignore' })
      await expect(open(path.join(disk, 'data'))).rejects.toMatchObject({
        code: 'data-directory',
        values: { detail: 'read-only' },
      })
    },
    limit,
  )
})

describe('a file that is being added', () => {
  async function found(name: string) {
    const options = {
      from: folder,
      except: path.join(folder, 'none'),
      limit: 1e9,
      signal: new AbortController().signal,
    }
    for await (const entry of findFiles([name], options)) return entry
    throw new Error('nothing found')
  }

  /** Reads one piece, then something happens to the file, then the rest. */
  async function readWith(change: (file: string) => Promise<unknown>): Promise<string> {
    const file = path.join(folder, 'a.txt')
    await writeFile(file, Buffer.alloc(megabyte, 'a'))
    await utimes(file, 1, 1)
    const entry = await found('a.txt')
    if (!('found' in entry)) return entry.problem.code
    const pieces = entry.found.open()[Symbol.asyncIterator]()
    await pieces.next()
    await change(file)
    return codeOf(
      (async () => {
        for (;;) if ((await pieces.next()).done) return
      })(),
    )
  }

  test('and stays as it is, is read to its end', async () => {
    expect(await readWith(async () => {})).toBe('none')
  })

  test('and grows, shrinks or is written anew, has changed', async () => {
    expect(await readWith(file => appendFile(file, 'b'))).toBe('file-changed')
    expect(await readWith(file => truncate(file, 300_000))).toBe('file-changed')
    expect(await readWith(file => truncate(file, 0))).toBe('file-changed')
    expect(await readWith(file => writeFile(file, Buffer.alloc(megabyte, 'b')))).toBe('file-changed')
  })

  test('and is removed meanwhile, is read to its end; before, it is missing', async () => {
    expect(await readWith(file => rm(file))).toBe('none')
    const file = path.join(folder, 'b.txt')
    await writeFile(file, 'b')
    const entry = await found('b.txt')
    await rm(file)
    if (!('found' in entry)) throw entry.problem
    const { open } = entry.found
    expect(await codeOf(open()[Symbol.asyncIterator]().next())).toBe('file-missing')
  })

  test('and may not be read, or its folder, says so', async ({ skip }) => {
    const root = process.getuid?.() === 0
    skip(process.platform === 'win32' || (root && process.seteuid === undefined), 'permissions cannot be taken away')
    const closed = path.join(folder, 'zu')
    await mkdir(closed)
    await writeFile(path.join(closed, 'a.txt'), 'a')
    await writeFile(path.join(folder, 'c.txt'), 'c', { mode: 0o000 })
    await chmod(folder, 0o755)
    await chmod(closed, 0o000)
    if (root) process.seteuid?.(65_534)
    try {
      const file = await found('c.txt')
      if (!('found' in file)) throw file.problem
      expect(await codeOf(file.found.open()[Symbol.asyncIterator]().next())).toBe('file-unreadable')
      expect(await found('zu')).toMatchObject({ skipped: false, problem: { code: 'file-unreadable' } })
    } finally {
      if (root) process.seteuid?.(0)
      await chmod(closed, 0o700)
    }
  })
})

describe('stored bytes', () => {
  test(
    'that are missing or cut are told, before and after they were read; adding them again mends it',
    async () => {
      const opened = await open(folder)
      const { core } = opened
      try {
        const scope = await scopeOf(opened)
        const contents = ['Der Keller ist feucht. '.repeat(20), 'Das Dach ist dicht. '.repeat(20)].map(Buffer.from)
        const files = contents.map(bytes => {
          const hash = createHash('sha256').update(bytes).digest('hex')
          return { bytes, file: path.join(folder, 'blobs', hash.slice(0, 2), hash.slice(2)) }
        })
        const [missing, cut] = files as [(typeof files)[number], (typeof files)[number]]
        const add = (bytes: Uint8Array, name: string) => core.documents.add(scope, { name, open: () => parts(bytes) })
        const first = (await add(missing.bytes, 'a.txt')).document
        const second = (await add(cut.bytes, 'b.txt')).document
        const harm = async () => {
          await rm(missing.file)
          await chmod(cut.file, 0o600)
          await truncate(cut.file, 40)
        }
        await harm()
        core.start()
        await core.settled(scope)
        const reasonOf = async (id: string) => (await core.documents.get(scope, id)).reason?.code
        expect([await reasonOf(first.id), await reasonOf(second.id)]).toEqual(['blob-missing', 'blob-damaged'])
        expect(await core.search(scope, 'Keller Dach')).toEqual([])

        await add(missing.bytes, 'a.txt')
        await add(cut.bytes, 'b.txt')
        await core.settled(scope)
        expect((await core.documents.list(scope)).map(({ state }) => state)).toEqual(['ready', 'ready'])
        await harm()
        expect(await codeOf(core.documents.original(scope, first.id))).toBe('blob-missing')
        expect(await codeOf(core.documents.original(scope, second.id))).toBe('blob-damaged')
        await add(cut.bytes, 'b.txt')
        expect(await codeOf(core.documents.original(scope, second.id))).toBe('none')
      } finally {
        await opened.close()
      }
    },
    limit,
  )
})
