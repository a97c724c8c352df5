/** Real folders, the real watcher, and the core around them; only the parser is the test's. */
import { cp, mkdir, mkdtemp, readdir, realpath, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLineParser, openTestCore, type TestCore } from '../../tests/open-core.ts'
import { silent } from '../../tests/open-store.ts'
import type { FolderStatus } from '../model/index.ts'
import { createFolderWatch } from '../watch/watch.ts'

/** Everything as in life, but sooner. */
const followTimes = { settle: 200, probe: 200, everything: 600_000, network: 60_000, unwatched: 15_000 }

let held: TestCore
let base: string
let root: string

async function open(): Promise<TestCore> {
  const settings = {
    followTimes,
    get folderWatch() {
      return createFolderWatch({ except: [], log: silent })
    },
  }
  const opened = await openTestCore(createLineParser(), { settings })
  opened.core.start()
  opened.core.folders.start()
  return opened
}

beforeEach(async () => {
  base = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-followed-')))
  root = path.join(base, 'Akten')
  await mkdir(root)
  held = await open()
})
afterEach(async () => {
  await held.close()
  await rm(base, { recursive: true, force: true })
})

async function write(file: string, text: string): Promise<void> {
  const full = path.join(root, file)
  await mkdir(path.dirname(full), { recursive: true })
  await writeFile(full, text)
}

/** Starts again over the same data, as after a kill: nothing was said to anybody. */
async function reopen(): Promise<void> {
  await held.reopen()
  held.core.start()
  held.core.folders.start()
}

const follow = (ignore: string[] = []) => held.core.folders.follow(held.scope, { path: root, ignore })
const paths = async () => (await held.core.documents.list(held.scope)).map(({ path }) => path).sort()
const trashed = async () => (await held.core.documents.trash(held.scope)).map(({ path }) => path).sort()
const status = async (): Promise<FolderStatus> => (await held.core.folders.list(held.scope))[0]
const problems = async () => {
  const { id } = await status()
  return (await held.core.folders.problems(held.scope, id, { limit: 50 })).problems
}
const byPath = async (wanted: string) => (await held.core.documents.list(held.scope)).find(one => one.path === wanted)
const isFollowing = () => expect.poll(async () => (await status()).state).toBe('following')

describe('what changes in a folder changes in the project', () => {
  test('whole trees, and what is added, changed and removed later', async () => {
    await write('a.txt', 'Alpha')
    await write('tief/er/b.txt', 'Beta')
    await write('bild.bin', 'nichts')
    await follow()
    await isFollowing()
    expect(await paths()).toEqual(['Akten/a.txt', 'Akten/tief/er/b.txt'])
    expect(await status()).toMatchObject({ files: 2, problems: 0, unsupported: 1 })

    await write('neu/c.txt', 'Gamma')
    await expect.poll(paths).toContain('Akten/neu/c.txt')
    await rm(path.join(root, 'a.txt'))
    await expect.poll(paths).toEqual(['Akten/neu/c.txt', 'Akten/tief/er/b.txt'])
    expect(await trashed()).toEqual(['Akten/a.txt'])
    await rm(path.join(root, 'tief'), { recursive: true })
    await expect.poll(paths).toEqual(['Akten/neu/c.txt'])
  })

  test('a file with other bytes is another document, and the old one goes when the new one can be found', async () => {
    await write('a.txt', 'Alpha')
    await follow()
    await isFollowing()
    await held.core.settled(held.scope)
    const before = await byPath('Akten/a.txt')
    await write('a.txt', 'Omega steht hier')
    await expect.poll(trashed).toEqual(['Akten/a.txt'])
    const after = await byPath('Akten/a.txt')
    expect(after?.state).toBe('ready')
    expect(after?.id).not.toBe(before?.id)
    expect((await held.core.search(held.scope, 'Omega')).map(({ documentId }) => documentId)).toEqual([after?.id])
    expect(await held.core.search(held.scope, 'Alpha')).toEqual([])
  })

  test('a renamed file, or one in a renamed folder, keeps its document', async () => {
    await write('alt/a.txt', 'Alpha')
    await write('alt/b.txt', 'Beta')
    await follow()
    await isFollowing()
    await held.core.settled(held.scope)
    const [a, b] = [await byPath('Akten/alt/a.txt'), await byPath('Akten/alt/b.txt')]
    await rename(path.join(root, 'alt/a.txt'), path.join(root, 'alt/anders.txt'))
    await expect.poll(async () => (await byPath('Akten/alt/anders.txt'))?.id).toBe(a?.id)
    await rename(path.join(root, 'alt'), path.join(root, 'neu'))
    await expect.poll(paths).toEqual(['Akten/neu/anders.txt', 'Akten/neu/b.txt'])
    expect((await byPath('Akten/neu/anders.txt'))?.id).toBe(a?.id)
    expect((await byPath('Akten/neu/b.txt'))?.id).toBe(b?.id)
    expect(await trashed()).toEqual([])
    await held.core.settled(held.scope)
    expect((await held.core.search(held.scope, 'anders')).map(({ documentId }) => documentId)).toEqual([a?.id])
  })

  test('two files with the same bytes are one document, which stays until both are gone', async () => {
    await write('a.txt', 'Gleich')
    await write('b.txt', 'Gleich')
    await follow()
    await isFollowing()
    expect((await paths()).length).toBe(1)
    await rm(path.join(root, 'a.txt'))
    await expect.poll(paths).toEqual(['Akten/b.txt'])
    expect(await trashed()).toEqual([])
    await rm(path.join(root, 'b.txt'))
    await expect.poll(paths).toEqual([])
    expect(await trashed()).toEqual(['Akten/b.txt'])
  })

  test('a document that was added by hand before stays when its file goes', async () => {
    const { document } = await held.core.documents.add(held.scope, {
      name: 'von-hand.txt',
      open: async function* () {
        yield new TextEncoder().encode('Alpha')
      },
    })
    await write('a.txt', 'Alpha')
    await write('b.txt', 'Beta')
    await follow()
    await isFollowing()
    await rm(path.join(root, 'a.txt'))
    await rm(path.join(root, 'b.txt'))
    await expect.poll(trashed).toEqual(['Akten/b.txt'])
    expect((await held.core.documents.list(held.scope)).map(({ id }) => id)).toEqual([document.id])
  })

  test('a document that somebody adds by hand after it came by a file stays when that file goes, or says something else', async () => {
    await write('a.txt', 'Alpha')
    await write('b.txt', 'Beta')
    await write('c.txt', 'Gamma')
    await follow()
    await isFollowing()
    await held.core.settled(held.scope)
    for (const text of ['Alpha', 'Beta']) {
      const name = `${text}-von-hand.txt`
      const { added } = await held.core.documents.add(held.scope, {
        name,
        open: async function* () {
          yield new TextEncoder().encode(text)
        },
      })
      expect(added).toBe(false)
    }
    const [a, b] = [await byPath('Akten/a.txt'), await byPath('Akten/b.txt')]
    await rm(path.join(root, 'a.txt'))
    await rm(path.join(root, 'c.txt'))
    await write('b.txt', 'Beta ist anders')
    await expect.poll(trashed).toEqual(['Akten/c.txt'])
    await held.core.settled(held.scope)
    await held.core.folders.settled(held.scope)
    const kept = (await held.core.documents.list(held.scope)).map(({ id }) => id)
    expect(kept).toEqual(expect.arrayContaining([a?.id, b?.id]))
    expect(kept).toHaveLength(3)
    await rm(path.join(root, 'b.txt'))
    await expect.poll(async () => (await trashed()).length).toBe(2)
    expect((await held.core.documents.list(held.scope)).map(({ id }) => id).sort()).toEqual([a?.id, b?.id].sort())
  })

  test('what was taken away by hand is not added again, until the file says something else', async () => {
    await write('a.txt', 'Alpha')
    await write('b.txt', 'Beta')
    await follow()
    await isFollowing()
    await held.core.settled(held.scope)
    await held.core.documents.delete(held.scope, (await byPath('Akten/a.txt'))?.id ?? '')
    await held.core.documents.purge(held.scope, (await byPath('Akten/b.txt'))?.id ?? '')
    const now = new Date()
    await utimes(path.join(root, 'a.txt'), now, now)
    await utimes(path.join(root, 'b.txt'), now, now)
    await write('c.txt', 'Gamma')
    await expect.poll(paths).toEqual(['Akten/c.txt'])
    await reopen()
    await isFollowing()
    expect(await paths()).toEqual(['Akten/c.txt'])
    await write('a.txt', 'Alpha und mehr')
    await write('b.txt', 'Beta und mehr')
    await expect.poll(paths).toEqual(['Akten/a.txt', 'Akten/b.txt', 'Akten/c.txt'])
  })

  test('a file is not taken while somebody writes into it', async () => {
    await follow()
    await isFollowing()
    let text = ''
    for (let at = 0; at < 12; at++) {
      text += `Zeile ${at}\n`
      await write('lang.txt', text)
      await new Promise(resolve => setTimeout(resolve, 50))
      expect(await paths()).toEqual([])
    }
    await expect.poll(paths).toEqual(['Akten/lang.txt'])
    expect((await byPath('Akten/lang.txt'))?.size).toBe(text.length)
    expect(await trashed()).toEqual([])
  })
})

describe('what is left out', () => {
  test('hidden files, what programs leave while they write, and what the user says', async () => {
    for (const file of ['.git/a.txt', 'node_modules/x/a.txt', '~$brief.txt', 'a.txt~', '.versteckt.txt', 'weg/a.txt'])
      await write(file, file)
    await write('bleibt.txt', 'bleibt')
    await write('entwurf-1.txt', 'entwurf')
    await follow(['weg/', 'entwurf-*'])
    await isFollowing()
    expect(await paths()).toEqual(['Akten/bleibt.txt'])

    const { id } = await status()
    await held.core.folders.update(held.scope, id, { ignore: ['bleibt.txt'] })
    await expect.poll(paths).toEqual(['Akten/entwurf-1.txt', 'Akten/weg/a.txt'])
    expect(await trashed()).toEqual(['Akten/bleibt.txt'])
  })

  test('links lead nowhere, and circles end', async () => {
    await mkdir(path.join(base, 'fremd'))
    await writeFile(path.join(base, 'fremd/geheim.txt'), 'geheim')
    await write('a.txt', 'Alpha')
    await symlink(path.join(base, 'fremd'), path.join(root, 'hinaus'))
    await symlink(path.join(base, 'fremd/geheim.txt'), path.join(root, 'datei.txt'))
    await symlink(root, path.join(root, 'kreis'))
    await follow()
    await isFollowing()
    expect(await paths()).toEqual(['Akten/a.txt'])
    await write('b.txt', 'Beta')
    await expect.poll(paths).toEqual(['Akten/a.txt', 'Akten/b.txt'])
  })

  test('what cannot be taken is told with its reason, and taken when it can', async () => {
    await write('leer.txt', '')
    await write('a.txt', 'Alpha')
    await follow()
    await isFollowing()
    expect(await problems()).toEqual([
      { path: 'leer.txt', reason: { code: 'empty-file', values: { name: 'leer.txt' } } },
    ])
    expect(await status()).toMatchObject({ files: 1, problems: 1 })
    await write('leer.txt', 'nicht mehr')
    await expect.poll(problems).toEqual([])
    expect(await paths()).toEqual(['Akten/a.txt', 'Akten/leer.txt'])
  })
})

describe('absence is never deletion', () => {
  test('a folder that is gone is waited for, and followed on when it is back', async () => {
    await write('a.txt', 'Alpha')
    await write('b.txt', 'Beta')
    await follow()
    await isFollowing()
    await rename(root, path.join(base, 'weg'))
    await expect.poll(async () => (await status()).reason?.code).toBe('folder-missing')
    expect((await status()).state).toBe('paused')
    expect((await paths()).length).toBe(2)
    await rm(path.join(base, 'weg/a.txt'))
    await rename(path.join(base, 'weg'), root)
    await isFollowing()
    await expect.poll(paths).toEqual(['Akten/b.txt'])
  })

  test('an empty folder in its place is another one', async () => {
    await write('a.txt', 'Alpha')
    await follow()
    await isFollowing()
    await rename(root, path.join(base, 'weg'))
    await mkdir(root)
    await expect.poll(async () => (await status()).reason?.code).toBe('folder-replaced')
    await write('fremd.txt', 'Fremd')
    await new Promise(resolve => setTimeout(resolve, 1000))
    expect(await paths()).toEqual(['Akten/a.txt'])
    expect(await trashed()).toEqual([])
    await rm(root, { recursive: true })
    await rename(path.join(base, 'weg'), root)
    await isFollowing()
    expect(await paths()).toEqual(['Akten/a.txt'])
  })

  test('the same files on a disk with another number are the same folder', async () => {
    await write('a.txt', 'Alpha')
    await write('b.txt', 'Beta')
    await follow()
    await isFollowing()
    await held.core.settled(held.scope)
    const before = await held.core.documents.list(held.scope)
    // A copy with its times: other numbers, the same files.
    const copy = path.join(base, 'kopie')
    await mkdir(copy)
    await cp(root, copy, { recursive: true, preserveTimestamps: true })
    await rename(root, path.join(base, 'weg'))
    await rename(copy, root)
    await rm(path.join(root, 'b.txt'))
    await expect.poll(paths).toEqual(['Akten/a.txt'])
    await isFollowing()
    expect((await held.core.documents.list(held.scope)).map(({ id }) => id)).toEqual([
      before.find(one => one.name === 'a.txt')?.id,
    ])
  })
})

describe('starting again', () => {
  test('finds what changed meanwhile, and reads nothing that did not', async () => {
    await write('a.txt', 'Alpha')
    await write('b.txt', 'Beta')
    await write('c.txt', 'Gamma')
    await write('d.txt', 'Delta')
    await follow()
    await isFollowing()
    await held.core.settled(held.scope)
    const before = new Map((await held.core.documents.list(held.scope)).map(one => [one.path, one.id]))
    await held.core.folders.settled(held.scope)
    await held.core.close()
    await rm(path.join(root, 'a.txt'))
    await write('b.txt', 'Beta ist anders')
    await rename(path.join(root, 'c.txt'), path.join(root, 'e.txt'))
    await write('neu.txt', 'Neu')
    await reopen()
    await expect.poll(paths).toEqual(['Akten/b.txt', 'Akten/d.txt', 'Akten/e.txt', 'Akten/neu.txt'])
    await expect.poll(trashed).toEqual(['Akten/a.txt', 'Akten/b.txt'])
    expect((await byPath('Akten/e.txt'))?.id).toBe(before.get('Akten/c.txt'))
    expect((await byPath('Akten/d.txt'))?.id).toBe(before.get('Akten/d.txt'))
    expect((await byPath('Akten/b.txt'))?.id).not.toBe(before.get('Akten/b.txt'))
  })
})

describe('following and unfollowing', () => {
  test('a folder within another, or the same twice, is refused; in another project it is not', async () => {
    await write('innen/a.txt', 'Alpha')
    await follow()
    const { folders, projects } = held.core
    for (const folder of [root, path.join(root, 'innen'), base, `${root}/../Akten`])
      await expect(folders.follow(held.scope, { path: folder, ignore: [] })).rejects.toMatchObject({
        code: 'folder-overlaps',
      })
    const other = await projects.create('local', 'Anderes')
    const scope = { userId: 'local', projectId: other.id }
    await folders.follow(scope, { path: path.join(root, 'innen'), ignore: [] })
    await expect.poll(async () => (await held.core.documents.list(scope)).map(one => one.path)).toEqual(['innen/a.txt'])
    await projects.delete(scope)
    expect(await folders.list(scope)).toEqual([])
  })

  test('what is no folder is refused, each in its words', async () => {
    await write('a.txt', 'Alpha')
    const { folders } = held.core
    const refused = async (folder: string) => folders.follow(held.scope, { path: folder, ignore: [] })
    await expect(refused('Akten')).rejects.toMatchObject({ code: 'folder-not-absolute' })
    await expect(refused(path.join(root, 'fehlt'))).rejects.toMatchObject({ code: 'folder-missing' })
    await expect(refused(path.join(root, 'a.txt'))).rejects.toMatchObject({ code: 'folder-no-folder' })
    await expect(refused(`${root}\0`)).rejects.toMatchObject({ code: 'folder-not-absolute' })
    await expect(folders.unfollow(held.scope, 'fehlt', 'keep')).rejects.toMatchObject({ code: 'folder-not-found' })
  })

  test('its documents stay, or go to the trash', async () => {
    await write('a.txt', 'Alpha')
    const { id } = await follow()
    await isFollowing()
    await held.core.folders.unfollow(held.scope, id, 'keep')
    await write('b.txt', 'Beta')
    expect(await held.core.folders.list(held.scope)).toEqual([])
    expect(await paths()).toEqual(['Akten/a.txt'])

    // Found again by their bytes, and still the user's own.
    const again = await follow()
    await expect.poll(paths).toEqual(['Akten/a.txt', 'Akten/b.txt'])
    await held.core.folders.unfollow(held.scope, again.id, 'trash')
    await expect.poll(async () => (await held.core.folders.list(held.scope)).length).toBe(0)
    expect(await paths()).toEqual(['Akten/a.txt'])
    expect(await trashed()).toEqual(['Akten/b.txt'])
    expect((await readdir(root)).sort()).toEqual(['a.txt', 'b.txt'])
  })
})
