/**
 * A followed folder of 50,000 small text files: how soon the first of them can be found, how late the event loop of the server is
 * meanwhile, how long it takes until all are known, and how soon a change is heard of afterwards.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { atMost, type Bench, type Figure, told } from './figure.ts'
import { type LoopDelay, type Served, startServer } from './served.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const count = 50_000
const inOneFolder = 500
/** What may be said of the whole without waiting for its end: the event loop is watched for so long, in seconds. */
const watchedFor = 60
const lookTime = 50

/** A word that stands in this file and in no other. */
const markOf = (index: number) => `kennzeichen${String(index).padStart(5, '0')}`

/** `FOLDER_FILES` files instead of 50,000 as its only argument; with `--all` it waits until all are known. */
export const bench: Bench = async ({ note, args }) => {
  const all = args.includes('--all')
  const files = Number(args.find(word => /^\d+$/.test(word)) ?? count)
  await using folder = await createTemporaryFolder('folders')
  // Awaited here: the folder goes with this block.
  return await measureFolders(folder.path, { files, all, note })
}

/** The figures by themselves, for whoever measures more of the same machine. */
export async function measureFolders(
  folder: string,
  { files = count, all = false, note }: { files?: number; all?: boolean; note: (line: string) => void },
): Promise<Figure[]> {
  const root = path.join(folder, 'akten')
  await writeFiles(root, files)
  note(`${files} files written`)
  const server = await startServer(path.join(folder, 'data'), { watched: true })
  try {
    const { client } = server
    const { projects } = await client.projects.list({})
    const projectId = projects[0].id
    const before = await server.memory()
    await server.delay()
    await pause(5000)
    const idle = await server.delay()
    const began = performance.now()
    const { id } = await client.folders.follow({ projectId, path: root })
    const first = await until(began, async () => {
      const { passages } = await client.search({ projectId, query: 'Mietvertrag', limit: 1 })
      return passages.length > 0
    })
    note(`the first can be found after ${first.toFixed(1)} s`)
    const delays: LoopDelay[] = [await server.delay()]
    const status = async () => {
      const { folders } = await client.folders.list({ projectId })
      const found = folders.find(one => one.id === id)
      if (!found) throw new Error('the folder is not followed any more')
      return found
    }
    let known = 0
    let most = 0
    for (;;) {
      const seconds = (performance.now() - began) / 1000
      const { state, files: now } = await status()
      known = now
      most = Math.max(most, await server.memory())
      if (state === 'following' || (!all && seconds > watchedFor)) break
      await pause(5000)
      delays.push(await server.delay())
      note(
        `${now} known after ${seconds.toFixed(0)} s; loop late by ${delays.at(-1)?.p99.toFixed(1)} ms (p99), ${delays.at(-1)?.longest.toFixed(1)} ms at most; worked ${delays.at(-1)?.busiest.toFixed(1)} ms in one go`,
      )
    }
    const seconds = (performance.now() - began) / 1000
    const heard = await measureChanges(server, projectId, root, files)
    return [
      atMost('followed folder: first of its files found after', first, 's', 10),
      atMost('event loop of the server meanwhile, p99, worst of all 5 s', worst(delays, 'p99'), 'ms', 50),
      atMost('the longest that its thread worked in one go', worst(delays, 'busiest'), 'ms', 50),
      told('event loop late at most, with what others do on the machine', worst(delays, 'longest'), 'ms'),
      told('the same before, with nothing to do, p99', idle.p99, 'ms'),
      told('the same before, longest', idle.longest, 'ms'),
      told('files known a second', known / seconds, ''),
      told(known >= files ? 'all files known after' : `${known} of ${files} files known after`, seconds, 's'),
      atMost('a new file can be found meanwhile or afterwards after', heard.added, 's', 10),
      atMost('a removed one cannot any more after', heard.removed, 's', 10),
      told('memory of the server before', before, 'MB'),
      told('memory of the server meanwhile, most', most, 'MB'),
    ]
  } finally {
    await server.stop()
    await rm(root, { recursive: true, force: true })
  }
}

async function writeFiles(root: string, files: number): Promise<void> {
  for (let at = 0; at < files; at += inOneFolder) {
    const folder = path.join(root, `ordner-${String(at / inOneFolder).padStart(3, '0')}`)
    await mkdir(folder, { recursive: true })
    await Promise.all(
      Array.from({ length: Math.min(inOneFolder, files - at) }, (_, index) =>
        writeFile(path.join(folder, `${markOf(at + index)}.txt`), textOf(at + index)),
      ),
    )
  }
}

function textOf(index: number): string {
  return `Mietvertrag ${markOf(index)}\n\nDie Miete beträgt ${400 + (index % 900)} Euro im Monat. Sie ist am dritten Werktag fällig. Zimmer ${index}.\n`
}

/** A file that comes, one that takes another name, and one that goes. */
async function measureChanges(
  { client }: Served,
  projectId: string,
  root: string,
  files: number,
): Promise<{ added: number; removed: number }> {
  const file = path.join(root, 'neu.txt')
  await writeFile(file, `Nachtrag ${markOf(files)}: Der Stellplatz kostet 80 Euro.\n`)
  const isFound = async () =>
    (await client.search({ projectId, query: markOf(files), limit: 1 })).passages.some(({ text }) =>
      text.includes(markOf(files)),
    )
  const added = await until(performance.now(), isFound)
  await rename(file, path.join(root, 'anders.txt'))
  await rm(path.join(root, 'anders.txt'))
  const removed = await until(performance.now(), async () => !(await isFound()))
  return { added, removed }
}

/** Seconds since then. */
async function until(began: number, reached: () => Promise<boolean>): Promise<number> {
  while (!(await reached())) await pause(lookTime)
  return (performance.now() - began) / 1000
}

const worst = (delays: readonly LoopDelay[], which: keyof LoopDelay) => Math.max(...delays.map(delay => delay[which]))
