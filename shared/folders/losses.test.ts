/** Many files that go at once, in real folders: their documents wait for a word. */
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLineParser, openTestCore, type TestCore } from '../../tests/open-core.ts'
import { silent } from '../../tests/open-store.ts'
import type { ShownMissing } from '../model/index.ts'
import { createFolderWatch } from '../watch/watch.ts'

const settle = 200
const followTimes = { settle, probe: 200, everything: 600_000, network: 60_000, unwatched: 15_000 }

let held: TestCore
let base: string
let root: string

function start(): void {
  held.core.start()
  held.core.folders.start()
}

beforeEach(async () => {
  base = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-lost-')))
  root = path.join(base, 'Akten')
  await mkdir(root)
  followTimes.settle = settle
  const settings = {
    followTimes,
    get folderWatch() {
      return createFolderWatch({ except: [], log: silent })
    },
  }
  held = await openTestCore(createLineParser(), { settings })
  start()
})
afterEach(async () => {
  await held.close()
  await rm(base, { recursive: true, force: true })
})

async function write(folder: string, count: number): Promise<void> {
  await mkdir(path.join(root, folder), { recursive: true })
  for (let at = 0; at < count; at++) await writeFile(path.join(root, folder, `${at}.txt`), `${folder} ${at}`)
}

const status = async () => (await held.core.folders.list(held.scope))[0]!
const trashed = async () => (await held.core.documents.trash(held.scope)).map(({ path }) => path).sort()
const count = async () => (await held.core.documents.list(held.scope)).length
const nothing = { files: 0, until: 0 }
const say = async (documents: 'keep' | 'trash', shown?: ShownMissing) => {
  const { id, missing } = await status()
  return held.core.folders.missing(held.scope, id, documents, shown ?? missing ?? nothing)
}
const isFollowing = () => expect.poll(async () => (await status()).state, { timeout: 20_000 }).toBe('following')
const isAsking = (files: number, known: number) =>
  expect.poll(status, { timeout: 20_000 }).toMatchObject({ state: 'asking', missing: { files, known, asks: true } })

async function follow(): Promise<void> {
  await held.core.folders.follow(held.scope, { path: root, ignore: [] })
  await isFollowing()
  await held.core.settled(held.scope)
}

async function gone(...folders: string[]): Promise<void> {
  for (const folder of folders) await rm(path.join(root, folder), { recursive: true })
}

describe('most of a folder', () => {
  test('that goes is asked about, goes on else, and is as it was when the files are back', async () => {
    await write('a', 15)
    await write('b', 15)
    await write('c', 10)
    await follow()
    const before = Date.now()
    await rename(path.join(root, 'a'), path.join(base, 'a'))
    await rename(path.join(root, 'b'), path.join(base, 'b'))
    await isAsking(30, 40)
    expect((await status()).missing?.since).toBeGreaterThanOrEqual(before)
    expect([await count(), await trashed()]).toEqual([40, []])
    // A few go as ever, and what is new comes.
    await rm(path.join(root, 'c/1.txt'))
    await writeFile(path.join(root, 'neu.txt'), 'Neu')
    await expect.poll(trashed).toEqual(['Akten/c/1.txt'])
    await expect.poll(count).toBe(40)
    expect((await status()).state).toBe('asking')
    await held.reopen()
    start()
    await isAsking(30, 40)
    await rename(path.join(base, 'a'), path.join(root, 'a'))
    await rename(path.join(base, 'b'), path.join(root, 'b'))
    await isFollowing()
    await expect.poll(async () => (await status()).missing).toBe(null)
    expect([await count(), await trashed()]).toEqual([40, ['Akten/c/1.txt']])
  })

  test('goes to the trash when somebody says so, but for what is back by then', async () => {
    await write('a', 25)
    await write('b', 5)
    await follow()
    await gone('a')
    await isAsking(25, 30)
    await write('a', 2)
    await expect.poll(async () => (await status()).missing?.files).toBe(23)
    await say('trash')
    await expect.poll(async () => (await trashed()).length).toBe(23)
    await isFollowing()
    expect([await count(), (await status()).missing]).toEqual([7, null])
  })

  test('goes nowhere where more went than was shown, until that is shown', async () => {
    await write('a', 25)
    await write('b', 25)
    await write('c', 60)
    await follow()
    await gone('a')
    await isAsking(25, 110)
    const { missing } = await status()
    await gone('b')
    await isAsking(50, 110)
    const more = { code: 'missing-more', values: { files: 50, known: 110 } }
    for (const shown of [missing ?? nothing, nothing]) await expect(say('trash', shown)).rejects.toMatchObject(more)
    await held.reopen()
    start()
    await isAsking(50, 110)
    await expect(say('trash', missing ?? nothing)).rejects.toMatchObject(more)
    expect([await count(), await trashed()]).toEqual([110, []])
    await say('trash')
    await expect.poll(async () => (await trashed()).length).toBe(50)
  })

  test('goes nowhere by a word that was said before the folder was out of reach', async () => {
    await write('a', 25)
    await write('b', 5)
    await follow()
    await gone('a')
    await isAsking(25, 30)
    const { id, missing } = await status()
    await rename(root, `${root}.weg`)
    // Before anybody looked: it still follows.
    await held.core.folders.missing(held.scope, id, 'trash', missing ?? nothing)
    await expect.poll(async () => (await status()).state, { timeout: 20_000 }).toBe('paused')
    await rename(`${root}.weg`, root)
    await isAsking(25, 30)
    await held.core.folders.settled(held.scope)
    expect(await trashed()).toEqual([])
  })

  test('waits where somebody wants it to, and is asked about no more', async () => {
    await write('a', 25)
    await follow()
    await rename(path.join(root, 'a'), path.join(base, 'a'))
    await isAsking(25, 25)
    await say('keep')
    await isFollowing()
    expect((await status()).missing).toMatchObject({ files: 25, asks: false })
    await held.reopen()
    start()
    await isFollowing()
    expect([(await status()).missing, await count()]).toMatchObject([{ files: 25, asks: false }, 25])
    // Back by another name, it is what it was.
    await rename(path.join(base, 'a'), path.join(root, 'anders'))
    await expect.poll(async () => (await status()).missing).toBe(null)
    expect([await count(), await trashed()]).toEqual([25, []])
    expect((await held.core.documents.list(held.scope)).every(({ path }) => path.startsWith('Akten/anders/'))).toBe(
      true,
    )
  })

  test('that goes one by one over a while counts as one', async () => {
    await write('a', 40)
    // So much longer than the time between two that a machine with much to do makes no pause of it.
    followTimes.settle = 1500
    await follow()
    for (let at = 0; at < 40; at++) {
      await rm(path.join(root, `a/${at}.txt`))
      await new Promise(resolve => setTimeout(resolve, 60))
    }
    await isAsking(40, 40)
    expect(await trashed()).toEqual([])
  })
})

test('a folder in it that goes with all its files is asked about, and nothing else', async () => {
  await write('alles', 60)
  await write('alles/tief', 20)
  await write('wenige', 19)
  await write('halb', 30)
  await follow()
  await gone('alles/tief', 'wenige')
  for (let at = 0; at < 15; at++) await rm(path.join(root, `halb/${at}.txt`))
  await isAsking(20, 95)
  expect((await trashed()).length).toBe(34)
  expect(
    (await held.core.documents.list(held.scope)).filter(one => one.path.startsWith('Akten/alles/tief/')),
  ).toHaveLength(20)
})

test('a tree that is renamed, or left out from now on, is no loss', async () => {
  await write('a', 60)
  await write('b', 30)
  await follow()
  const ids = new Set((await held.core.documents.list(held.scope)).map(({ id }) => id))
  await mkdir(path.join(root, 'neu'))
  await rename(path.join(root, 'a'), path.join(root, 'neu/a'))
  await expect
    .poll(
      async () =>
        (await held.core.documents.list(held.scope)).filter(one => one.path.startsWith('Akten/neu/a/')).length,
    )
    .toBe(60)
  await isFollowing()
  expect(new Set((await held.core.documents.list(held.scope)).map(({ id }) => id))).toEqual(ids)
  expect([await trashed(), (await status()).missing]).toEqual([[], null])
  await held.core.folders.update(held.scope, (await status()).id, { ignore: ['neu/'] })
  await expect.poll(async () => (await trashed()).length, { timeout: 20_000 }).toBe(60)
  await isFollowing()
  expect((await status()).missing).toBe(null)
})
