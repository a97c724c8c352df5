import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { paragraph, writePdf } from '../../scripts/write-pdf.ts'
import { AppError } from '../errors.ts'
import type { ChildProcess, Log, ParseEvent, Parsers } from '../ports.ts'
import { createForkedProcesses } from '../processes/fork.ts'
import { createParsers, type ParsersOptions } from './parsers.ts'
import { type FromParser, WINDOW } from './protocol.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const entry = (name: string) => fileURLToPath(new URL(name, import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-parsers-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function withParsers(
  options: Partial<ParsersOptions> & { module?: string },
  use: (parsers: Parsers, children: ChildProcess[]) => Promise<void>,
) {
  const children: ChildProcess[] = []
  const processes = createForkedProcesses({ entries: { parser: entry(options.module ?? './process.ts') }, log: silent })
  const parsers = createParsers({
    spawn: () => {
      const child = processes.spawn('parser')
      children.push(child)
      return child
    },
    log: silent,
    processes: 1,
    smallWait: 600_000,
    ...options,
  })
  try {
    await use(parsers, children)
  } finally {
    await parsers.close()
  }
}

async function file(
  name: string,
  content: string | Uint8Array,
): Promise<{ file: string; name: string; after: number }> {
  const path = join(folder, `${Math.random().toString(36).slice(2)}-${name}`)
  await writeFile(path, content)
  return { file: path, name, after: 0 }
}

async function collect(events: AsyncIterable<ParseEvent>): Promise<ParseEvent[]> {
  const all: ParseEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

async function codeOf(events: AsyncIterable<ParseEvent>): Promise<string> {
  try {
    await collect(events)
    return 'none'
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
}

function pages(count: number): Uint8Array {
  return writePdf({
    pages: Array.from({ length: count }, (_, index) => ({
      texts: paragraph(`Seite Nummer ${index + 1} erzählt von der Heizung im Keller.`, { x: 72, y: 200, width: 300 }),
    })),
  })
}

/** Three pages, of which a hole leaves the first: pdf.js lets go of promises over it. */
function holed(): Uint8Array {
  const bytes = Buffer.from(pages(3))
  const [, second = 0] = [...bytes.toString('latin1').matchAll(/\d+ 0 obj\s*<< \/Type \/Page /g)].map(
    match => match.index,
  )
  return bytes.fill(0, second, bytes.lastIndexOf('xref\n', bytes.lastIndexOf('startxref') - 1))
}

/** A process whose messages can be heard before its host asks for them; the host gets them all the same. */
function overheard() {
  const heard: unknown[] = []
  let child: ChildProcess
  let messages: AsyncIterator<unknown>
  return {
    spawn() {
      const processes = createForkedProcesses({ entries: { parser: entry('./process.ts') }, log: silent })
      child = processes.spawn('parser')
      messages = child.messages[Symbol.asyncIterator]()
      const next = async () => (heard.length > 0 ? { value: heard.shift(), done: false } : messages.next())
      return { ...child, messages: { [Symbol.asyncIterator]: () => ({ next }) } }
    },
    /** How many events come until there are so many and the process has nothing more to do. */
    async listen(atLeast: number): Promise<number> {
      let count = 0
      let work = 0
      for (let still = 0; count < atLeast || still < 5; ) {
        await child.send({ type: 'work' })
        for (;;) {
          const message = (await messages.next()).value as FromParser
          heard.push(message)
          if (message.type === 'event') count += 1
          if (message.type !== 'work') continue
          still = message.time - work < 1 ? still + 1 : 0
          work = message.time
          break
        }
        await new Promise(resolve => setTimeout(resolve, 50))
      }
      return count
    },
  }
}

const gone = (pid: number) => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

describe('reading', () => {
  test('a file begins with what it is and ends with how much there was', () =>
    withParsers({}, async parsers => {
      const events = await collect(parsers.parse(await file('drei.pdf', pages(3))))
      expect(events[0]).toEqual({ type: 'start', mediaType: 'application/pdf', paged: true, segments: 3 })
      expect(events.at(-1)).toEqual({ type: 'finish', segments: 3, cut: false, reasons: [] })
      const segments = events.flatMap(event => (event.type === 'segment' ? [event.segment] : []))
      expect(segments.map(segment => segment.number)).toEqual([1, 2, 3])
      expect(segments[1]!.blocks[0]!.text).toBe('Seite Nummer 2 erzählt von der Heizung im Keller.')
    }))

  test('segments known already are not read again', () =>
    withParsers({}, async parsers => {
      const request = await file('viele.pdf', pages(20))
      const events = await collect(parsers.parse({ ...request, after: 17 }))
      const numbers = events.flatMap(event => (event.type === 'segment' ? [event.segment.number] : []))
      expect(numbers).toEqual([18, 19, 20])
      const none = await collect(parsers.parse({ ...request, after: 20 }))
      expect(none.map(event => event.type)).toEqual(['start', 'finish'])
      const text = await file('lang.txt', Array.from({ length: 350 }, (_, index) => `Absatz ${index}.`).join('\n\n'))
      const rest = await collect(parsers.parse({ ...text, after: 2 }))
      const first = rest.find(event => event.type === 'segment')
      expect(first?.type === 'segment' && [first.segment.number, first.segment.blocks[0]!.text]).toEqual([
        3,
        'Absatz 200.',
      ])
    }))

  test('one warm process reads one file after the other', () =>
    withParsers({}, async (parsers, children) => {
      for (let index = 0; index < 4; index++) await collect(parsers.parse(await file('eins.pdf', pages(1))))
      expect(await codeOf(parsers.parse(await file('kaputt.pdf', '%PDF-1.4 nothing')))).toBe('damaged')
      await collect(parsers.parse(await file('eins.pdf', pages(1))))
      expect(children).toHaveLength(1)
    }))

  test('no more than the given number at a time, in the order they came', () =>
    withParsers({ processes: 2 }, async (parsers, children) => {
      const done: number[] = []
      const request = await file('eins.pdf', pages(2))
      await Promise.all(
        Array.from({ length: 5 }, async () => void done.push((await collect(parsers.parse(request))).length)),
      )
      expect(done).toEqual([4, 4, 4, 4, 4])
      expect(children).toHaveLength(2)
    }))

  test('a reader that does not ask does not fill the memory: the process waits', () => {
    const { spawn, listen } = overheard()
    return withParsers({ spawn }, async parsers => {
      const iterator = parsers.parse(await file('viele.pdf', pages(60)))[Symbol.asyncIterator]()
      await iterator.next()
      const first = await iterator.next()
      expect(first.value.type).toBe('segment')
      expect(await listen(WINDOW - 1)).toBe(WINDOW - 1)
      let count = 1
      for (let next = await iterator.next(); !next.done; next = await iterator.next())
        if (next.value.type === 'segment') count++
      expect(count).toBe(60)
    })
  })

  test('an idle process is ended', () =>
    withParsers({ idleTime: 50 }, async (parsers, children) => {
      await collect(parsers.parse(await file('eins.pdf', pages(1))))
      await children[0]!.exit
      await collect(parsers.parse(await file('eins.pdf', pages(1))))
      expect(children).toHaveLength(2)
    }))
})

describe('what is refused', () => {
  test.each([
    ['film.mp4', '\0\0\0 ftypisom', 'unsupported-type'],
    ['ohne-endung', 'Text', 'unsupported-type'],
    ['leer.pdf', '', 'empty-file'],
    ['leer.txt', '', 'empty-file'],
    ['bild.pdf', '\x89PNG\r\n', 'type-mismatch'],
    ['archiv.txt', 'PK\x03\x04 and more', 'type-mismatch'],
    ['daten.md', 'abc\0\0\0def', 'type-mismatch'],
    ['druck.txt', '%PDF-1.4\n', 'type-mismatch'],
    ['seite.html', '<!doctype html><p>Text\0\0\0\0', 'damaged'],
    ['seite.txt', '<!doctype html><p>Text\0\0\0\0', 'type-mismatch'],
  ])('%s', (name, content, code) =>
    withParsers({}, async parsers => {
      expect(await codeOf(parsers.parse(await file(name, content)))).toBe(code)
    }),
  )

  test('a password, a broken file, too many pages, a missing file', () =>
    withParsers({ limits: { pages: 50 } }, async parsers => {
      const secret = writePdf({ pages: [{ texts: [{ x: 50, y: 50, text: 'geheim' }] }], password: 'x' })
      expect(await codeOf(parsers.parse(await file('geheim.pdf', secret)))).toBe('password-protected')
      expect(await codeOf(parsers.parse(await file('rest.pdf', '%PDF-1.7\n%%EOF')))).toBe('damaged')
      const bomb = writePdf({ pages: [{ texts: [{ x: 50, y: 50, text: 'x' }] }], repeat: 51 })
      expect(await codeOf(parsers.parse(await file('bombe.pdf', bomb)))).toBe('too-many-pages')
      expect(await codeOf(parsers.parse({ file: join(folder, 'none.pdf'), name: 'none.pdf', after: 0 }))).toBe(
        'file-missing',
      )
    }))

  test('media types by name', () =>
    withParsers({}, async parsers => {
      expect(parsers.mediaType('A.PDF')).toBe('application/pdf')
      expect(parsers.mediaType('liesmich.md')).toBe('text/markdown')
      expect(parsers.mediaType('notiz.txt')).toBe('text/plain')
      expect(parsers.mediaType('.pdf')).toBe('application/pdf')
      expect(parsers.mediaType('pdf')).toBeUndefined()
      expect(parsers.mediaType('a.pdf/b')).toBeUndefined()
    }))
})

describe('what goes wrong', () => {
  const hostile = { module: './hostile-process.ts' }

  async function afterwards(parsers: Parsers) {
    expect((await collect(parsers.parse(await file('gut.txt', 'x')))).at(-1)).toMatchObject({
      type: 'finish',
      segments: 1,
    })
  }

  test('a busy loop ends by time, and the next file finds a fresh process', () =>
    withParsers({ ...hostile, limits: { segmentTime: 1_500 } }, async (parsers, children) => {
      expect(await codeOf(parsers.parse(await file('loop.txt', 'x')))).toBe('parser-timeout')
      await children[0]!.exit
      await afterwards(parsers)
    }))

  test('the time is that of one segment, however many there are', () =>
    withParsers({ ...hostile, limits: { segmentTime: 1_800 } }, async parsers => {
      expect((await collect(parsers.parse(await file('steps.txt', 'x')))).at(-1)).toMatchObject({ segments: 4 })
    }))

  test('a process that does nothing ends by the clock', () =>
    withParsers({ ...hostile, limits: { stillTime: 500 } }, async parsers => {
      expect(await codeOf(parsers.parse(await file('silent.txt', 'x')))).toBe('parser-timeout')
    }))

  test('memory beyond the limit ends the process, buffers and objects alike', () =>
    withParsers({ ...hostile, limits: { memory: 300 * 1024 ** 2 } }, async parsers => {
      expect(await codeOf(parsers.parse(await file('memory.txt', 'x')))).toBe('parser-memory')
      expect(await codeOf(parsers.parse(await file('heap.txt', 'x')))).toBe('parser-memory')
      await afterwards(parsers)
    }))

  test('a crash is a crash, whoever causes it', () =>
    withParsers(hostile, async (parsers, children) => {
      expect(await codeOf(parsers.parse(await file('throw.txt', 'x')))).toBe('parser-crashed')
      expect(await codeOf(parsers.parse(await file('leave.txt', 'x')))).toBe('parser-crashed')
      const events = parsers.parse(await file('loop.txt', 'x'))
      const iterator = events[Symbol.asyncIterator]()
      await iterator.next()
      process.kill(children.at(-1)!.pid!, 'SIGKILL')
      await expect(iterator.next()).rejects.toMatchObject({ code: 'parser-crashed' })
      await afterwards(parsers)
    }))

  test('a warm process that died while idle is replaced unseen', () =>
    withParsers(hostile, async (parsers, children) => {
      await afterwards(parsers)
      process.kill(children[0]!.pid!, 'SIGKILL')
      await afterwards(parsers)
      expect(children).toHaveLength(2)
    }))

  test('a program that does not start is a crash', () =>
    withParsers({ module: './no-such-module.ts' }, async parsers => {
      expect(await codeOf(parsers.parse(await file('gut.txt', 'x')))).toBe('parser-crashed')
    }))

  test('an abort kills at once, also in a loop and in the queue', () =>
    withParsers(hostile, async (parsers, children) => {
      const controller = new AbortController()
      const iterator = parsers.parse(await file('loop.txt', 'x'), controller.signal)[Symbol.asyncIterator]()
      await iterator.next()
      const queued = new AbortController()
      const waiting = codeOf(parsers.parse(await file('gut.txt', 'x'), queued.signal))
      queued.abort()
      expect(await waiting).toBe('cancelled')
      const started = performance.now()
      setTimeout(() => controller.abort(), 20)
      await expect(iterator.next()).rejects.toMatchObject({ code: 'cancelled' })
      await children[0]!.exit
      expect(performance.now() - started).toBeLessThan(10_000)
      await afterwards(parsers)
      expect(await codeOf(parsers.parse(await file('gut.txt', 'x'), AbortSignal.abort()))).toBe('cancelled')
    }))

  test('what a broken PDF lets go of ends no process, and is said', () =>
    withParsers({}, async (parsers, children) => {
      for (let round = 0; round < 2; round++) {
        const events = await collect(parsers.parse(await file('loch.pdf', holed())))
        const segments = events.flatMap(event => (event.type === 'segment' ? [event.segment] : []))
        expect(segments[0]?.blocks[0]?.text).toContain('Seite Nummer 1')
        expect(events.at(-1)).toMatchObject({ type: 'finish', reasons: [{ code: 'partly-damaged' }] })
      }
      expect(children).toHaveLength(1)
    }))

  test('whoever stops reading gives the process back', () =>
    withParsers({}, async parsers => {
      for await (const event of parsers.parse(await file('viele.pdf', pages(40)))) if (event.type === 'segment') break
      expect((await collect(parsers.parse(await file('eins.pdf', pages(1))))).at(-1)).toMatchObject({ type: 'finish' })
    }))

  test('closing ends what runs and refuses what waits', async () => {
    let reading: Promise<string> | undefined
    let waiting: Promise<string> | undefined
    await withParsers(hostile, async parsers => {
      const loop = parsers.parse(await file('loop.txt', 'x'))
      const iterator = loop[Symbol.asyncIterator]()
      await iterator.next()
      reading = iterator.next().then(
        () => 'none',
        (error: AppError) => error.code,
      )
      waiting = codeOf(parsers.parse(await file('gut.txt', 'x')))
    })
    expect(await reading).toBe('cancelled')
    expect(await waiting).toBe('cancelled')
  })

  test('a process does not outlive its host, even in a busy loop', async () => {
    const script = await file(
      'host.ts',
      `import { createForkedProcesses } from ${JSON.stringify(entry('../processes/fork.ts'))}
       import { createParsers } from ${JSON.stringify(entry('./parsers.ts'))}
       const log = { debug() {}, info() {}, warn() {}, error() {} }
       const processes = createForkedProcesses({ entries: { parser: ${JSON.stringify(entry('./hostile-process.ts'))} }, log })
       const parsers = createParsers({ spawn: () => processes.spawn('parser'), log, processes: 1 })
       for await (const event of parsers.parse({ file: '/dev/null', name: 'loop.txt', after: 0 })) console.log(event.pid)`,
    )
    const host = spawn(process.execPath, [script.file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = await new Promise<number>(resolve => host.stdout.once('data', bytes => resolve(Number(String(bytes)))))
    expect(gone(pid)).toBe(false)
    host.kill('SIGKILL')
    await vi.waitFor(() => expect(gone(pid)).toBe(true), { timeout: 30_000, interval: 20 })
  })
})

test('a process that reads once more what is known is waited for, and one that says nothing is not', async () => {
  const events: FromParser[] = [
    { type: 'event', json: '{"type":"start","mediaType":"text/plain","paged":false,"segments":null}' },
    ...Array.from({ length: 12 }, (): FromParser => ({ type: 'alive' })),
    { type: 'event', json: '{"type":"finish","segments":0,"cut":false,"reasons":[]}' },
  ]
  const typesWith = async (pauseAt: number): Promise<string[]> => {
    const child: ChildProcess = {
      pid: undefined,
      async send() {},
      messages: (async function* () {
        for (const [index, event] of events.entries()) {
          // Together longer than is waited for one of them.
          await new Promise(resolve => setTimeout(resolve, index === pauseAt ? 5_000 : 200))
          yield event
        }
      })(),
      kill() {},
      exit: new Promise(() => {}),
    }
    const limits = { clockTime: 2_000, stillTime: 2_000 }
    const parsers = createParsers({ spawn: () => child, log: silent, processes: 1, limits })
    return (await collect(parsers.parse({ file: 'a', name: 'a.txt', after: 9 }))).map(({ type }) => type)
  }
  expect(await typesWith(-1)).toEqual(['start', 'finish'])
  await expect(typesWith(13)).rejects.toThrow('parser-timeout')
})
