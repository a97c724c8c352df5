/**
 * Downloads of models from servers that do everything wrong: connections cut and silent at random bytes, files that become others,
 * wrong sizes, flipped and moved bytes, ranges ignored and lied about, web pages, refusals, and kill -9 of the process that
 * fetches. No wrong file may be accepted, each right one must arrive in the end, and a cut may cost no more than 8 MB.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { randomNumbers } from '../scripts/tiny-models-encoder.ts'
import type { DownloadRequest } from '../shared/models/download.ts'
import type { Hubs } from '../shared/models/download-source.ts'
import { modelBytes } from '../tests/downloads.ts'
import {
  type Asked,
  type Fault,
  type Hosted,
  type ModelServer,
  sha256,
  startModelServer,
} from '../tests/model-server.ts'
import type { DownloadEnd, DownloadTask } from './download-worker.ts'
import { atLeast, atMost, type Bench, told } from './figure.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const MB = 1024 * 1024
const mostTwice = 8
const largest = 26 * MB
/** Goes on being tried so often after it was given up; by then no fault is left. */
const mostStarts = 12

export const bench: Bench = async ({ note, args }) => {
  const numberAfter = (option: string, otherwise: number) => Number(args[args.indexOf(option) + 1]) || otherwise
  const count = args.includes('--count') ? numberAfter('--count', 1000) : 1000
  const seed = args.includes('--seed') ? numberAfter('--seed', 1) : 1
  const { faults, downloads, arrived, wrong, twice, sentTwice, kills, cuts, problems } = await runDownloads({
    count,
    seed,
    note,
  })
  return [
    atLeast('faults', faults, '', count),
    told('of them kill -9 of the process that fetches', kills, ''),
    atMost('wrong files accepted', wrong, '', 0),
    atLeast('right files that arrived', arrived, `of ${downloads}`, downloads),
    told('cuts, silences and kills', cuts, ''),
    atMost('bytes fetched twice for one of them, most', twice / MB, 'MB', mostTwice),
    told('with those that the system had taken and nobody read', sentTwice / MB, 'MB'),
    atMost('problems', problems.length, '', 0),
  ]
}

export interface DownloadFaults {
  faults: number
  kills: number
  /** Connections that ended before their time, and silences. */
  cuts: number
  downloads: number
  arrived: number
  wrong: number
  /** Bytes, at most, that had reached the process before one of these and came again. */
  twice: number
  /** The same, counted where they are sent: with what lay in buffers of the system. */
  sentTwice: number
  problems: string[]
}

/** What happens most. */
const often = ['cut', 'cut', 'kill', 'kill', 'kill', 'silence', 'become']

/** A kill is a fault of ours: the process that fetches ends when so many bytes have been sent. */
type Planned = Fault & { kill?: number; name: string }

/** What is known of the file beforehand decides what can be told from the right one at all. */
type Knowledge = 'tag' | 'checksum' | 'hub' | 'mirrors'

interface Plan {
  knowledge: Knowledge
  file: Hosted
  faults: Planned[]
  /** What must be there in the end. */
  right: Buffer
}

export async function runDownloads({
  count,
  seed,
  note,
}: {
  count: number
  seed: number
  note: (line: string) => void
}): Promise<DownloadFaults> {
  await using folder = await createTemporaryFolder('download')
  const server = await startModelServer()
  const random = randomNumbers(seed)
  const worker = createWorker()
  const sum: DownloadFaults = {
    faults: 0,
    kills: 0,
    cuts: 0,
    downloads: 0,
    arrived: 0,
    wrong: 0,
    twice: 0,
    sentTwice: 0,
    problems: [],
  }
  try {
    while (sum.faults < count && sum.problems.length === 0) {
      const plan = planOf(random, sum.downloads)
      const place = path.join(folder.path, String(sum.downloads))
      await mkdir(place)
      await fetchOne({ plan, place, server, worker, sum })
      await rm(place, { recursive: true, force: true })
      if (sum.downloads % 25 === 0)
        note(
          `${sum.downloads} downloads, ${sum.faults} faults, ${(sum.twice / MB).toFixed(1)} (${(sum.sentTwice / MB).toFixed(1)}) MB twice`,
        )
    }
    for (const problem of sum.problems) note(problem)
  } finally {
    worker.kill()
    await server.close()
  }
  return sum
}

const where = '/org/repo/resolve/main/model.gguf'
const plain = '/files/model.gguf'

async function fetchOne({
  plan,
  place,
  server,
  worker,
  sum,
}: {
  plan: Plan
  place: string
  server: ModelServer
  worker: ReturnType<typeof createWorker>
  sum: DownloadFaults
}): Promise<void> {
  const { knowledge, file, faults } = plan
  let { right } = plan
  const hub = knowledge === 'hub' || knowledge === 'mirrors'
  const at = hub ? where : plain
  server.files.clear()
  server.asked.length = 0
  server.files.set(at, file)
  if (knowledge === 'mirrors') server.files.set(`/mirror${where}`, { bytes: right, etag: null, hub: true })
  const queue: Planned[] = [...faults]
  server.faults.set(at, queue)
  const hubs: Hubs = { hub: server.url, mirrors: knowledge === 'mirrors' ? [`${server.url}/mirror`] : [] }
  const known = knowledge === 'checksum' ? { sha256: sha256(right) } : {}
  const request: DownloadRequest = { source: server.url + at, ...known }
  const reached = path.join(place, 'reached')
  await writeFile(reached, '')
  const told = () => `${sum.downloads} ${knowledge} of ${right.length}: ${faults.map(({ name }) => name).join(', ')}`
  const problem = (text: string) => sum.problems.push(`${told()}: ${text}`)

  let end: DownloadEnd | 'killed' = 'killed'
  for (let starts = 0; starts < mostStarts && (end === 'killed' || end.code !== null); starts++) {
    const before = server.asked.length
    end = await worker.run({ folder: place, request, hubs, reached }, () => {
      const {
        fault = {},
        to = 0,
        from = 0,
      } = server.asked.slice(before).findLast(({ method }) => method === 'GET') ?? {}
      const { kill } = fault as Planned
      return kill !== undefined && to - from >= kill
    })
    if (end === 'killed') sum.kills += 1
    // It may have become another one, or not yet when the last byte came.
    right = knowledge === 'checksum' ? right : server.files.get(at)!.bytes
    if ((await modelsIn(place)).some(bytes => !bytes.equals(right))) {
      sum.wrong += 1
      problem('a wrong file was accepted')
      return
    }
  }
  const [model] = await modelsIn(place)
  sum.downloads += 1
  if (model?.equals(right)) sum.arrived += 1
  else problem(`it did not arrive: ${JSON.stringify(end)}`)
  const left = await readdir(path.join(place, 'downloads'))
  if (left.length > 0) problem(`left behind: ${left.join(', ')}`)
  const served = server.asked.filter(({ fault }) => Object.keys(fault).length > 0)
  sum.faults += served.length
  const asked = server.asked.filter(({ method, status }) => method === 'GET' && status !== 302)
  const numbers = new Float64Array(new Uint8Array(await readFile(reached)).buffer)
  const { cuts, twice } = costOf(asked.map((one, index) => ({ ...one, to: numbers[2 * index + 1] ?? one.to })))
  sum.cuts += cuts
  sum.sentTwice = Math.max(sum.sentTwice, costOf(asked).twice)
  if (twice > mostTwice * MB) problem(`${(twice / MB).toFixed(1)} MB were fetched twice`)
  sum.twice = Math.max(sum.twice, twice)
}

/** Of all that was asked for in turn: what was sent again after a cut, at most. */
function costOf(asked: readonly Asked[]): { cuts: number; twice: number } {
  let cuts = 0
  let twice = 0
  /** Bytes of the file, from its beginning, that were sent and not thrown away. */
  let have = 0
  let broken = false
  for (const { range, from, to, fault, status } of asked) {
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
    if (broken) twice = Math.max(twice, have - start)
    // Begun anew, for another reason than a cut.
    else have = Math.min(have, start)
    const whole = status === 200 && from === 0
    if (status === 206 || (whole && start === 0)) have = Math.max(have, to)
    const { cut, stall, kill } = fault as Planned
    broken = cut !== undefined || stall !== undefined || kill !== undefined
    // What spoils the bytes makes it begin anew: that is no matter of cuts.
    if (fault.flip !== undefined || fault.shift !== undefined || fault.resize !== undefined || fault.become)
      broken = false
    if (broken) cuts += 1
  }
  return { cuts, twice }
}

async function modelsIn(folder: string): Promise<Buffer[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.gguf'))
  return Promise.all(names.map(name => readFile(path.join(folder, name))))
}

function planOf(random: () => number, number: number): Plan {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  const upTo = (most: number) => Math.floor(random() * most)
  const knowledge = pick<Knowledge>(['tag', 'checksum', 'hub', 'mirrors'])
  const size = random() < 0.3 ? 100_000 + upTo(MB) : MB + upTo(largest - MB)
  const bytes = modelBytes(size, number * 2 + 1)
  const hub = knowledge === 'hub' || knowledge === 'mirrors'
  // Behind a hub each server has a tag of its own; with a checksum none is needed.
  const tag = (text: string) =>
    hub ? `"${number}${text}${upTo(1000)}"` : knowledge === 'checksum' && random() < 0.5 ? null : `"${number}${text}"`
  const file: Hosted = { bytes, etag: tag('a'), ...(hub && { hub }) }
  const other: Hosted = {
    bytes: modelBytes(random() < 0.5 ? size : MB + upTo(largest - MB), number * 2 + 2),
    etag: tag('b'),
    ...(hub && { hub }),
  }
  const hashed = knowledge !== 'tag'
  let right = bytes

  const kinds: Record<string, () => Planned[]> = {
    cut: () => [{ name: 'cut', cut: upTo(size) }],
    'cut at once': () => [{ name: 'cut at once', cut: upTo(3) * 1000 }],
    silence: () => [{ name: 'silence', stall: upTo(size) }],
    kill: () => [{ name: 'kill', kill: upTo(size) }],
    whole: () => [
      { name: 'cut', cut: upTo(size) },
      { name: 'range ignored', whole: true, cut: upTo(size) },
    ],
    packed: () => [
      { name: 'cut', cut: upTo(size) },
      { name: 'packed', whole: true, gzip: true },
    ],
    range: () => [
      { name: 'cut', cut: upTo(size) },
      {
        name: 'wrong range',
        contentRange: pick([null, 'bytes 0-1/2', `bytes 7-${size - 1}/${size}`, 'bytes', `bytes ${size}-${size}/*`]),
      },
    ],
    total: () => [
      { name: 'cut', cut: upTo(size) },
      { name: 'wrong total', contentRange: `bytes ${upTo(size)}-${size}/${size + 1}` },
    ],
    'no range': () => [
      { name: 'cut', cut: upTo(size) },
      {
        name: '416',
        status: 416,
        headers: pick<Record<string, string>>([{}, { 'content-range': `bytes */${upTo(size)}` }]),
      },
    ],
    page: () => [{ name: 'page', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }],
    'page later': () => [
      { name: 'cut', cut: upTo(size) },
      { name: 'page', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
    ],
    text: () => [{ name: 'text', status: 200, headers: { etag: '"t"' }, body: 'moved to another place' }],
    busy: () => [{ name: 'busy', status: pick([429, 500, 502, 503, 504]) }],
    gone: () => [{ name: 'gone', status: pick([403, 404]) }],
    become: () => {
      // Whoever knows the checksum waits for the file that has it.
      if (knowledge === 'checksum')
        return [
          { name: 'other file', become: other, cut: upTo(size) },
          { name: 'back', become: file },
        ]
      if (knowledge === 'mirrors') return [{ name: 'cut', cut: upTo(size) }]
      right = other.bytes
      return [
        { name: 'cut', cut: upTo(size) },
        { name: 'other file', become: other, cut: upTo(size) },
      ]
    },
    'wrong size': () =>
      // Without a checksum, only what comes after it can show that a size was wrong.
      [{ name: 'wrong size', resize: pick([-1, -upTo(size), 1, upTo(MB)]), ...(!hashed && { cut: upTo(90_000) }) }],
    ...(hashed && {
      flip: () => [{ name: 'flipped', flip: upTo(size) }],
      'flip in the head': () => [{ name: 'flipped', flip: upTo(20_000) }],
      'flip later': () => [
        { name: 'cut', cut: upTo(size) },
        { name: 'flipped', flip: upTo(size) },
      ],
      shift: () => [
        { name: 'cut', cut: upTo(size) },
        { name: 'moved', shift: 1 + upTo(size) },
      ],
      unsized: () => [{ name: 'no size', unsized: true, resize: -upTo(size) }],
    }),
  }
  const faults: Planned[] = []
  for (let left = 1 + upTo(3); left > 0; left--) {
    const kind = pick([...Object.keys(kinds), ...often])
    // Nothing may be fetched of a file that is no longer there.
    if (right !== bytes && kind === 'become') continue
    faults.push(...kinds[kind]!())
  }
  return { knowledge, file, faults, right }
}

function createWorker() {
  let child: ChildProcess | undefined
  return {
    /** `killed`: the process was, as soon as `due` said so. */
    async run(task: DownloadTask, due: () => boolean): Promise<DownloadEnd | 'killed'> {
      child ??= fork(path.join(import.meta.dirname, 'download-worker.ts'), {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      const running = child
      const over = new AbortController()
      const ended = once(running, 'message', over).then(([end]) => end as DownloadEnd)
      const gone = once(running, 'exit', over).then(() => 'killed' as const)
      for (const waiting of [ended, gone]) waiting.catch(() => {})
      const looking = setInterval(() => {
        if (due()) running.kill('SIGKILL')
      }, 1)
      running.send(task)
      const end = await Promise.race([ended, gone])
      clearInterval(looking)
      over.abort()
      if (end === 'killed') child = undefined
      return end
    },
    kill: () => child?.kill('SIGKILL'),
  }
}
