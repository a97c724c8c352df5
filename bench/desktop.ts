/**
 * The desktop without its window: how soon its server is there with a thousand documents, what its processes take while nobody asks, what main
 * holds of a large file, and that nothing is lost when any of them is killed. The same processes by the same broker as under Electron, started as forks.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { buildServer } from '../scripts/build-server.ts'
import { type Client, createClient } from '../shared/api/client.ts'
import { contract } from '../shared/api/index.ts'
import { type StartedDesktop, startDesktop } from '../tests/desktop/start-desktop.ts'
import { measureHanded } from './desktop-handed.ts'
import { measureKills } from './desktop-kills.ts'
import { atMost, type Bench, type Figure, median, told } from './figure.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

export const documents = 1000
const starts = 7
/** Until what the start left behind is collected, and the parsers that nobody needs have gone. */
const idleTime = 20_000

export const bench: Bench = async ({ note, args }) => {
  await using folder = await createTemporaryFolder('desktop')
  // Below node_modules, where what is built finds its packages.
  const program = path.join(import.meta.dirname, '../node_modules/.cache/cloister-bench-desktop')
  await buildServer(program)
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined
  const figures: Figure[] = []
  const open = () => startDesktop({ folder: folder.path, program })
  // Before the others: what reads its text is ended with the server.
  if (only === undefined || only === 'handed') figures.push(...(await measureHanded(await open(), note)))
  if (only === 'handed') return figures
  await fill(await open(), note)
  if (only === undefined || only === 'start') figures.push(...(await measureStarts(open, note)))
  if (only === undefined || only === 'kill') figures.push(...(await measureKills(await open(), note)))
  return figures
}

export const clientOf = (desktop: StartedDesktop) =>
  createClient({ routes: contract, url: 'http://localhost', fetch: request => desktop.server.fetch(request) })

async function fill(desktop: StartedDesktop, note: (line: string) => void): Promise<void> {
  desktop.server.start()
  const client = clientOf(desktop)
  const projectId = (await client.projects.list()).projects[0].id
  for (let number = 0; number < documents; number++) {
    const answer = await send(desktop, projectId, `Vertrag ${number}.txt`, pageOf(number))
    if (!answer.ok) throw new Error(await answer.text())
  }
  while ((await countOf(client)).ready < documents) await pause(500)
  note(`${documents} documents`)
  await desktop.stop()
}

export function send(desktop: StartedDesktop, projectId: string, name: string, text: string): Promise<Response> {
  const body = new FormData()
  body.append('files', new File([text], name))
  const url = `http://localhost/api/v1/projects/${projectId}/documents`
  return desktop.server.fetch(new Request(url, { method: 'POST', body }))
}

export const pageOf = (number: number) =>
  `Vertrag Nummer ${number}\n\n${Array.from({ length: 20 }, (_, line) => `Absatz ${line}: Die Frist des Vertrags ${number} beträgt ${(number * 7 + line) % 90} Tage.`).join('\n\n')}\n`

export async function countOf(client: Client): Promise<{ all: number; ready: number }> {
  const projectId = (await client.projects.list()).projects[0].id
  let [all, ready] = [0, 0]
  for (let after: string | undefined; ; ) {
    const page = await client.documents.list({ projectId, limit: 200, ...(after && { after }) })
    all += page.documents.length
    ready += page.documents.filter(({ state }) => state === 'ready').length
    if (!page.next) return { all, ready }
    after = page.next
  }
}

async function measureStarts(open: () => Promise<StartedDesktop>, note: (line: string) => void): Promise<Figure[]> {
  const times: number[] = []
  const stops: number[] = []
  let memory = 0
  for (let round = 0; round < starts; round++) {
    const began = performance.now()
    const desktop = await open()
    desktop.server.start()
    // What the window shows first.
    await clientOf(desktop).projects.list()
    times.push((performance.now() - began) / 1000)
    if (round === starts - 1) {
      await pause(idleTime)
      memory = await memoryOfChildren()
    }
    const told = performance.now()
    await desktop.stop()
    stops.push((performance.now() - told) / 1000)
    note(`${times[round].toFixed(2)} s to the first answer, ${stops[round].toFixed(2)} s to the end`)
  }
  return [
    atMost(`from the start to the first answer, ${documents} documents`, median(times), 's', 1.5),
    told('the same, slowest', Math.max(...times), 's'),
    atMost('all processes but main and window, idle, without a model', memory, 'MB', 350),
    atMost('slowest stop', Math.max(...stops), 's', 3),
  ]
}

/** Resident memory in MB of all processes that this one has started, which is where main would be. */
async function memoryOfChildren(): Promise<number> {
  const each = (await childrenOf(process.pid)).map(async pid => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
  })
  return (await Promise.all(each)).reduce((sum, one) => sum + one, 0)
}

export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const found = await Promise.all(
    threads.map(thread => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  )
  return found.flatMap(text => text.split(' ').filter(Boolean).map(Number))
}
