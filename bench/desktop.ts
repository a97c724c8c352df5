/**
 * The desktop without its window: how soon its server is there with a thousand documents, what its processes take while nobody asks, and that
 * nothing is lost when any of them is killed. The same processes by the same broker as under Electron, started as forks.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { buildServer } from '../scripts/build-server.ts'
import { type Client, createClient } from '../shared/api/client.ts'
import { contract } from '../shared/api/index.ts'
import { type StartedDesktop, startDesktop } from '../tests/desktop/start-desktop.ts'
import { atMost, type Bench, type Figure, median, told } from './figure.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const documents = 1000
const starts = 7
/** Until what the start left behind is collected, and the parsers that nobody needs have gone. */
const idleTime = 20_000
const kills = 100

export const bench: Bench = async ({ note, args }) => {
  await using folder = await createTemporaryFolder('desktop')
  // Below node_modules, where what is built finds its packages.
  const program = path.join(import.meta.dirname, '../node_modules/.cache/cloister-bench-desktop')
  await buildServer(program)
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined
  const figures: Figure[] = []
  const open = () => startDesktop({ folder: folder.path, program })
  await fill(await open(), note)
  if (only === undefined || only === 'start') figures.push(...(await measureStarts(open, note)))
  if (only === undefined || only === 'kill') figures.push(...(await measureKills(await open(), note)))
  return figures
}

const clientOf = (desktop: StartedDesktop) =>
  createClient({ routes: contract, url: 'http://localhost', fetch: request => desktop.server.fetch(request) })

async function fill(desktop: StartedDesktop, note: (line: string) => void): Promise<void> {
  desktop.server.start()
  const client = clientOf(desktop)
  const projectId = (await client.projects.list()).projects[0].id
  const add = async (number: number) => {
    const form = new FormData()
    form.append('files', new File([pageOf(number)], `Vertrag ${number}.txt`))
    const url = `http://localhost/api/v1/projects/${projectId}/documents`
    const answer = await desktop.server.fetch(new Request(url, { method: 'POST', body: form }))
    if (!answer.ok) throw new Error(await answer.text())
  }
  for (let number = 0; number < documents; number++) await add(number)
  while ((await countOf(client)).ready < documents) await pause(500)
  note(`${documents} documents`)
  await desktop.stop()
}

const pageOf = (number: number) =>
  `Vertrag Nummer ${number}\n\n${Array.from({ length: 20 }, (_, line) => `Absatz ${line}: Die Frist des Vertrags ${number} beträgt ${(number * 7 + line) % 90} Tage.`).join('\n\n')}\n`

async function countOf(client: Client): Promise<{ all: number; ready: number }> {
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

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const found = await Promise.all(
    threads.map(thread => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  )
  return found.flatMap(text => text.split(' ').filter(Boolean).map(Number))
}

/** Documents come in all the time, and one process after the other is killed: the server, or what reads. */
async function measureKills(desktop: StartedDesktop, note: (line: string) => void): Promise<Figure[]> {
  desktop.server.start()
  const client = clientOf(desktop)
  const before = (await countOf(client)).all
  const projectId = (await client.projects.list()).projects[0].id
  const back: number[] = []
  let going = true
  let given = 0
  let taken = 0
  const adding = (async () => {
    while (going) {
      const number = documents + ++given
      // Somebody who tries again until it is taken: the same bytes are the same document.
      for (;;) {
        const form = new FormData()
        form.append('files', new File([pageOf(number)], `Vertrag ${number}.txt`))
        const url = `http://localhost/api/v1/projects/${projectId}/documents`
        const answer = await desktop.server
          .fetch(new Request(url, { method: 'POST', body: form }))
          .catch(() => undefined)
        await answer?.body?.cancel()
        if (answer?.ok) break
        await pause(20)
      }
      taken++
      await pause(30)
    }
  })()
  let servers = 0
  for (let kill = 0; kill < kills; kill++) {
    await pause(300 + Math.random() * 1200)
    const running = await childrenOf(process.pid)
    const pid = running[Math.floor(Math.random() * running.length)]
    if (pid === undefined) continue
    if (pid === desktop.server.pid) servers++
    process.kill(pid, 'SIGKILL')
    const began = performance.now()
    while (!(await client.projects.list().catch(() => undefined))) await pause(10)
    back.push((performance.now() - began) / 1000)
    if (desktop.server.state().name === 'failed') desktop.server.start()
    if ((kill + 1) % 10 === 0) note(`${kill + 1} kills, ${servers} of the server, ${taken} documents taken`)
  }
  going = false
  await adding
  const deadline = performance.now() + 120_000
  let now = await countOf(client)
  while (now.ready < now.all && performance.now() < deadline) {
    await pause(500)
    now = await countOf(client)
  }
  await desktop.stop()
  return [
    told('kills of the server', servers, `of ${kills}`),
    told('documents taken meanwhile', taken, ''),
    atMost('of them lost, or there twice', Math.abs(now.all - before - taken), '', 0),
    atMost('not read in the end', now.all - now.ready, '', 0),
    told('from a kill to the next answer, median', median(back), 's'),
    atMost('the same, slowest', Math.max(...back), 's', 15),
  ]
}
