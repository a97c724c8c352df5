import { execFileSync } from 'node:child_process'
import { appendFile, chmod, mkdir, mkdtemp, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Log } from '../../shared/ports.ts'
import { createHandedFiles, type HandedFiles } from './handed-files.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-handed-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const at = (name: string) => path.join(folder, name)
const nothing = () => {}

async function offerOne(name: string, text = 'eins', handed = createHandedFiles({ log: silent })) {
  await writeFile(at(name), text)
  await handed.offer([at(name)], nothing)
  const [file] = handed.take()
  return { handed, id: file!.id, file: at(name) }
}

async function read(handed: HandedFiles, id: string): Promise<string> {
  const file = await handed.open(id)
  const parts: Uint8Array[] = []
  try {
    for await (const bytes of file.bytes()) parts.push(bytes)
  } finally {
    await file.close()
  }
  return Buffer.concat(parts).toString()
}

describe('what is offered', () => {
  it('are files, and those in folders with their paths; what is hidden or a link stays, what cannot be read is named', async () => {
    await mkdir(at('Akten/2026/.git'), { recursive: true })
    await writeFile(at('Akten/a.txt'), 'eins')
    await writeFile(at('Akten/2026/b.txt'), 'zwei')
    await writeFile(at('Akten/2026/.git/config'), 'hidden')
    await writeFile(at('secret.txt'), 'secret')
    await symlink(at('secret.txt'), at('Akten/link.txt'))
    await symlink(folder, at('Akten/up'))
    execFileSync('mkfifo', [at('pipe')])
    const handed = createHandedFiles({ log: silent })
    const names = ['Akten', 'secret.txt', 'missing.txt', 'pipe']
    const offered = await handed.offer(names.map(at), nothing)
    expect(offered).toEqual({ more: false, unread: ['missing.txt', 'pipe'] })
    expect(
      handed
        .take()
        .map(({ name, size }) => `${name} ${size}`)
        .toSorted(),
    ).toEqual(['Akten/2026/b.txt 4', 'Akten/a.txt 4', 'secret.txt 6'])
    expect(handed.take()).toEqual([])
  })

  it('is taken in handfuls, by a page that is there meanwhile or not, and what is too much is said', async () => {
    await mkdir(at('many'))
    await Promise.all(Array.from({ length: 2450 }, (_, number) => writeFile(at(`many/${number}.txt`), '')))
    const handed = createHandedFiles({ log: silent, most: 2400 })
    let found = 0
    expect(await handed.offer([at('many')], () => void found++)).toEqual({ more: true, unread: [] })
    expect(found).toBe(3)
    const taken = [handed.take(), handed.take(), handed.take(), handed.take()]
    expect(taken.map(files => files.length)).toEqual([1000, 1000, 400, 0])
    expect(new Set(taken.flat().map(({ name }) => name)).size).toBe(2400)
  })

  it('is not looked for any further once all is left', async () => {
    await mkdir(at('stopped'))
    await Promise.all(Array.from({ length: 1600 }, (_, number) => writeFile(at(`stopped/${number}.txt`), '')))
    const handed = createHandedFiles({ log: silent })
    let taken = 0
    const offered = handed.offer([at('stopped')], () => {
      taken += handed.take().length
      handed.leave(true)
    })
    expect(await offered).toEqual({ more: false, unread: [] })
    expect([taken, handed.take()]).toEqual([1000, []])
    // What is handed over later is.
    await handed.offer([at('stopped/1.txt')], nothing)
    expect(handed.take().map(({ name }) => name)).toEqual(['1.txt'])
    // What was only taken leaves the rest.
    await handed.offer([at('stopped/2.txt')], nothing)
    handed.leave(false)
    expect(handed.take()).toHaveLength(1)
  })

  it('comes again to a page that takes the place of another, but for what was added, refused, or is not wanted', async () => {
    const handed = createHandedFiles({ log: silent })
    const names = ['added.txt', 'refused.txt', 'open.txt']
    for (const name of names) await writeFile(at(name), name)
    await handed.offer(names.map(at), nothing)
    const files = handed.take()
    const settle = async (name: string, how: 'added' | 'refused') => {
      const opened = await handed.open(files.find(file => file.name === name)!.id)
      opened.settle(how)
      await opened.close()
    }
    await settle('added.txt', 'added')
    await settle('refused.txt', 'refused')
    handed.again()
    expect(handed.take().map(({ name }) => name)).toEqual(['open.txt'])
    handed.leave(false)
    handed.again()
    expect(handed.take()).toEqual([])
  })
})

describe('a file', () => {
  it('is read by its id until it is added, and by nothing else', async () => {
    const { handed, id, file } = await offerOne('a.txt')
    expect([await read(handed, id), await read(handed, id)]).toEqual(['eins', 'eins'])
    for (const other of [file, 'a.txt', crypto.randomUUID(), ''])
      await expect(handed.open(other)).rejects.toMatchObject({ code: 'internal' })
    const opened = await handed.open(id)
    opened.settle('added')
    await opened.close()
    await expect(handed.open(id)).rejects.toMatchObject({ code: 'internal' })
  })

  it('that changed its place for another one, a link, a folder or a pipe is not read', async () => {
    await writeFile(at('other.txt'), 'what nobody handed over')
    for (const [name, swap] of [
      ['swapped-link.txt', (file: string) => symlink(at('other.txt'), file)],
      ['swapped-file.txt', (file: string) => rename(at('another.txt'), file)],
      ['swapped-folder.txt', (file: string) => mkdir(file)],
      ['swapped-pipe.txt', async (file: string) => void execFileSync('mkfifo', [file])],
    ] as const) {
      await writeFile(at('another.txt'), 'what nobody handed over either')
      const { handed, id, file } = await offerOne(name)
      await rename(file, `${file}.old`)
      await swap(file)
      const code = process.platform === 'win32' ? /^file-/ : 'file-changed'
      await expect(handed.open(id), name).rejects.toMatchObject({ code })
      // Back in its place, it is the same again.
      await rm(file, { recursive: true })
      await rename(`${file}.old`, file)
      expect(await read(handed, id)).toBe('eins')
    }
  })

  it('that is gone or may not be read says so, and is read when it is back', async () => {
    const { handed, id, file } = await offerOne('gone.txt')
    await rename(file, `${file}.away`)
    await expect(handed.open(id)).rejects.toMatchObject({ code: 'file-missing', values: { file: 'gone.txt' } })
    await rename(`${file}.away`, file)
    expect(await read(handed, id)).toBe('eins')
    if (process.getuid?.() === 0) return
    await chmod(file, 0)
    await expect(handed.open(id)).rejects.toMatchObject({ code: 'file-unreadable', values: { file: 'gone.txt' } })
  })

  it('that grows, shrinks or is written while it is read is not read to its end', async () => {
    for (const [name, change] of [
      ['grows.txt', (file: string) => appendFile(file, 'mehr')],
      ['shrinks.txt', (file: string) => truncate(file, 1024)],
      ['written.txt', (file: string) => utimes(file, 1, 1)],
    ] as const) {
      const { handed, id, file } = await offerOne(name, 'x'.repeat(1024 * 1024))
      const opened = await handed.open(id)
      const bytes = opened.bytes()
      await bytes.next()
      await change(file)
      await expect(
        (async () => {
          for await (const _ of bytes);
        })(),
        name,
      ).rejects.toMatchObject({ code: 'file-changed' })
      await opened.close()
    }
  })

  it('of no bytes has none', async () => {
    const { handed, id } = await offerOne('empty.txt', '')
    expect(await read(handed, id)).toBe('')
  })
})
