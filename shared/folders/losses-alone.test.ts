/** Losses by themselves, over a real store and a real folder: what is looked at right before something goes. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestStore, silent } from '../../tests/open-store.ts'
import { AppError } from '../errors.ts'
import type { FolderIdentity } from '../model/index.ts'
import type { FolderWatch } from '../ports.ts'
import type { FileRow } from '../store/index.ts'
import { createFolderWatch } from '../watch/watch.ts'
import { createLosses, type Losses } from './losses.ts'

const facts = { size: 1, modifiedAt: 1, device: '1', inode: '1' }
const state = { blob: null, documentId: null, own: false, previousId: null }
const row = (name: string, since?: number): FileRow => ({
  path: name,
  ...facts,
  ...state,
  refused: since === undefined ? null : { code: 'file-gone', values: { since } },
})
const signal = new AbortController().signal

let held: Awaited<ReturnType<typeof openTestStore>>
let root: string
let watch: FolderWatch
let identity: FolderIdentity
let losses: Losses
let same: boolean
let retired: string[]

beforeEach(async () => {
  held = await openTestStore()
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-losses-')))
  watch = createFolderWatch({ except: [], log: silent })
  identity = await watch.find(root)
  same = true
  retired = []
  const { store, scope, clock } = held
  const folder = await store.transaction(scope, tx => store.folders.insert(tx, scope, { ...identity, ignore: [] }))
  await store.transaction(scope, async tx => {
    for (const one of [row('a.txt', 100), row('b.txt', 100), row('spät.txt', 200), row('c.txt'), row('d.txt')])
      await store.folders.put(tx, folder.id, one)
  })
  losses = createLosses({
    store,
    watch,
    clock,
    scope,
    folder,
    files: {
      take: async () => 'done',
      rename: async () => {},
      retire: async name => void retired.push(name),
      replace: async () => {},
      refuse: async () => {},
    },
    async demandSame() {
      if (!same) throw new AppError('folder-replaced', { folder: root })
    },
  })
})
afterEach(async () => {
  await watch.close()
  await held.close()
  await rm(root, { recursive: true })
})

test('what is lost goes, but for what is there again', async () => {
  for (const name of ['c.txt', 'd.txt']) losses.add(row(name))
  await writeFile(path.join(root, 'd.txt'), 'wieder da')
  await losses.decide(identity, signal)
  expect([retired, losses.size]).toEqual([['c.txt'], 0])
})

test('nothing goes in a folder that is another one by then', async () => {
  losses.add(row('c.txt'))
  same = false
  await expect(losses.decide(identity, signal)).rejects.toMatchObject({ code: 'folder-replaced' })
  await expect(losses.giveUp(identity, { files: 3, until: 200 }, signal)).rejects.toMatchObject({
    code: 'folder-replaced',
  })
  expect(retired).toEqual([])
})

test('what was shown goes, but for what is there again and what went later', async () => {
  await writeFile(path.join(root, 'b.txt'), 'wieder da')
  await losses.giveUp(identity, { files: 2, until: 100 }, signal)
  expect(retired).toEqual(['a.txt'])
})

test('nothing goes where more went in the same moment than was shown', async () => {
  await losses.giveUp(identity, { files: 1, until: 100 }, signal)
  expect(retired).toEqual([])
})
