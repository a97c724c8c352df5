/** A folder whose changes the system does not tell: it says so, and is looked through now and then. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLineParser, openTestCore, type TestCore } from '../../tests/open-core.ts'
import { silent } from '../../tests/open-store.ts'
import { AppError } from '../errors.ts'
import type { FolderWatch } from '../ports.ts'
import { createFolderWatch } from '../watch/watch.ts'

let held: TestCore
let root: string

beforeEach(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-unwatched-')))
  const watch = createFolderWatch({ except: [], log: silent })
  const folderWatch: FolderWatch = {
    ...watch,
    // As where `fs.inotify.max_user_watches` is reached.
    async *hints() {
      yield ['']
      throw new AppError('watch-limit')
    },
  }
  const followTimes = { settle: 100, probe: 100, everything: 600_000, network: 600_000, unwatched: 400 }
  const settings = { folderWatch, followTimes }
  held = await openTestCore(createLineParser(), { settings })
  held.core.start()
  held.core.folders.start()
})
afterEach(async () => {
  await held.close()
  await rm(root, { recursive: true })
})

test('is told with its reason, and what changes is found all the same', async () => {
  const { core, scope } = held
  await core.folders.follow(scope, { path: root, ignore: [] })
  const status = async () => (await core.folders.list(scope))[0]
  await expect.poll(status).toMatchObject({ state: 'following', reason: { code: 'watch-limit' } })
  await writeFile(path.join(root, 'a.txt'), 'Alpha')
  await expect.poll(async () => (await core.documents.list(scope)).map(({ name }) => name)).toEqual(['a.txt'])
  await expect.poll(status).toMatchObject({ state: 'following', reason: { code: 'watch-limit' } })
})
