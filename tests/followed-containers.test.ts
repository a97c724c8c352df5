/** A file that is in a followed folder and in a container, with real folders and real parsers. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeMail } from '../scripts/fixtures/eml.ts'
import { writeZip } from '../scripts/fixtures/zip.ts'
import { createParsers } from '../shared/parsers/parsers.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { createFolderWatch } from '../shared/watch/watch.ts'
import { openTestCore, type TestCore } from './open-core.ts'
import { silent } from './open-store.ts'

const parser = fileURLToPath(new URL('../shared/parsers/process.ts', import.meta.url))
const processes = createForkedProcesses({ entries: { parser }, log: silent })
const text = 'Die Kündigungsfrist beträgt genau drei Monate zum Quartalsende.'

let held: TestCore
let base: string
let brief: string

beforeEach(async () => {
  base = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-both-')))
  await mkdir(path.join(base, 'Akten'))
  brief = path.join(base, 'Akten/brief.txt')
  const settings = {
    folderWatch: createFolderWatch({ except: [], log: silent }),
    followTimes: { settle: 200, probe: 200, everything: 600_000, network: 60_000, unwatched: 15_000 },
  }
  held = await openTestCore(createParsers({ spawn: () => processes.spawn('parser'), log: silent, processes: 1 }), {
    settings,
  })
  held.core.start()
  held.core.folders.start()
})
afterEach(async () => {
  await held.close()
  await rm(base, { recursive: true })
})

const paths = async () => (await held.core.documents.list(held.scope)).map(({ path }) => path).sort()
const trashed = async () => (await held.core.documents.trash(held.scope)).map(({ path }) => path).sort()
const found = async () => (await held.core.search(held.scope, 'Kündigungsfrist')).map(({ file }) => file)
const settled = () => held.core.settled(held.scope, AbortSignal.timeout(60_000))

async function add(name: string, bytes: Uint8Array): Promise<string> {
  const open = async function* () {
    yield bytes
  }
  const { document } = await held.core.documents.add(held.scope, { name, open })
  await settled()
  return document.id
}

async function follow(): Promise<void> {
  await writeFile(brief, text)
  await held.core.folders.follow(held.scope, { path: path.dirname(brief), ignore: [] })
  await held.core.folders.settled(held.scope)
  await settled()
}

const containers = {
  'akten.zip': () => writeZip([{ name: 'alt/brief.txt', bytes: text }]),
  'post.eml': () =>
    writeMail({
      subject: 'Frist',
      text: 'Im Anhang.',
      parts: [{ name: 'brief.txt', type: 'text/plain', bytes: text }],
    }),
}

for (const [name, make] of Object.entries(containers)) {
  test(`a file of ${name} stays in it when the followed one with the same bytes goes, and goes with it`, async () => {
    await follow()
    const container = await add(name, make())
    await rm(brief)
    const inside = name === 'akten.zip' ? 'akten.zip/alt/brief.txt' : 'post.eml/brief.txt'
    await expect.poll(paths, { timeout: 20_000 }).toEqual([name, inside])
    expect([await trashed(), await found()]).toEqual([[], [inside]])
    await held.core.documents.delete(held.scope, container)
    expect([await paths(), await found()]).toEqual([[], []])
  })

  test(`a followed file that was in ${name} before is there by itself until it goes`, async () => {
    const container = await add(name, make())
    const before = await paths()
    await follow()
    expect(await paths()).toEqual(['Akten/brief.txt', name])
    await rm(brief)
    await expect.poll(paths, { timeout: 20_000 }).toEqual(before)
    await writeFile(brief, text)
    await expect.poll(paths, { timeout: 20_000 }).toEqual(['Akten/brief.txt', name])
    await held.core.documents.delete(held.scope, container)
    expect([await paths(), await found()]).toEqual([['Akten/brief.txt'], ['Akten/brief.txt']])
    await rm(brief)
    await expect.poll(trashed, { timeout: 20_000 }).toEqual(['Akten/brief.txt', name])
  })
}
