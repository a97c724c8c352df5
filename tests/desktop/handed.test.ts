/** What is handed over to the desktop, and what its page sends and breaks off: all of main but Electron, with the server that is real. */
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDesktop } from '../../main/desktop.ts'
import { pageOrigin } from '../../main/page/origin.ts'
import type { Desktop } from '../../main/shell.ts'
import { createClient } from '../../shared/api/client.ts'
import { type DesktopCall, desktopCalls, type HandedFile } from '../../shared/api/desktop.ts'
import { handedHeader, transferHeader } from '../../shared/api/desktop-headers.ts'
import { contract } from '../../shared/api/index.ts'
import type { Log } from '../../shared/ports.ts'
import { builtProgram } from '../program.ts'
import { until } from '../until.ts'
import { type Played, playShell } from './play-shell.ts'
import { playedProcesses } from './start-desktop.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

let folder: string
let played: Played
let desktop: Desktop
let projectId: string
/** As main calls the page. */
let page: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-handed-'))
  played = playShell(folder)
  await mkdir(played.shell.folders.page, { recursive: true })
  await writeFile(path.join(played.shell.folders.page, 'index.html'), '<p nonce="__NONCE__"></p>')
  desktop = await startDesktop({
    shell: played.shell,
    processes: playedProcesses({ program: builtProgram, env: { MAX_FILE_SIZE_MB: '5' } }),
    dataDirectory: null,
    keyGiven: false,
    usualDirectory: path.join(folder, 'data'),
    log: silent,
  })
  projectId = (await client().projects.list()).projects[0]!.id
})
afterEach(async () => {
  if (played.exited === undefined) await desktop.end()
  await rm(folder, { recursive: true, force: true })
})

const client = () =>
  createClient({ routes: contract, url: pageOrigin, fetch: request => desktop.handleRequest(request) })
const at = (name: string) => path.join(folder, name)
const names = async () => (await client().documents.list({ projectId })).documents.map(({ name }) => name).toSorted()

async function call<Name extends DesktopCall>(name: Name, input?: unknown, window = 1) {
  const sender = { window, url: `${pageOrigin}/`, isMainFrame: true }
  const answer = (await desktop.handleCall(sender, { name, input })) as { ok: boolean; value: unknown }
  expect(answer).toMatchObject({ ok: true })
  return desktopCalls[name].output.parse(answer.value) as (typeof desktopCalls)[Name]['output']['_output']
}

/** A page is there, or there anew. */
async function load(): Promise<void> {
  page = (await call('start')).page
}

async function take(): Promise<HandedFile[]> {
  const all: HandedFile[] = []
  for (;;) {
    const { files } = await call('takeHanded')
    if (files.length === 0) return all
    all.push(...files)
  }
}

function post(number: number, { headers = {}, ...init }: RequestInit & { duplex?: 'half' } = {}): Promise<Response> {
  const url = `${pageOrigin}/api/v1/projects/${projectId}/documents`
  return desktop.handleRequest(
    new Request(url, {
      method: 'POST',
      ...init,
      headers: { 'x-cloister': '1', [transferHeader]: `${page}/${number}`, ...headers },
    }),
  )
}

const add = (number: number, { id }: HandedFile) => post(number, { headers: { [handedHeader]: id } })

/** As a page sends it and Electron reads it: pieces that come when the test lets them, with no signal, and to the end. */
function upload(number: number, name: string) {
  const { promise: open, resolve: goOn } = Promise.withResolvers<void>()
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  const piece = Buffer.from('Die Frist für den Einspruch beträgt drei Wochen.\n'.repeat(1000))
  async function* pieces() {
    yield Buffer.from(`--b\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n`)
    yield piece
    begin()
    await open
    for (let count = 0; count < 20; count++) yield piece
    yield Buffer.from('\r\n--b--\r\n')
    end()
  }
  const parts = pieces()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
  const answer = post(number, { body, duplex: 'half', headers: { 'content-type': 'multipart/form-data; boundary=b' } })
  return { answer, begun, goOn, over }
}

describe('what is handed over', () => {
  it('by this start and by a second one comes to a page that is not there yet, and to one that is loaded anew', async () => {
    await writeFile(at('Frist.txt'), 'Die Frist beträgt drei Wochen.')
    await mkdir(at('Akten'))
    await writeFile(at('Akten/Miete.txt'), 'Die Miete beträgt 900 Euro.')
    desktop.handOver(['--some-switch', 'Frist.txt', 'cloister://ask?q=Wie%20lange%3F', 'missing.txt'], folder)
    await until(() => played.shown.includes('recent Frist.txt'), 'it is handed over')
    expect(played.windows[0]!.heard).toEqual([])
    await load()
    const { heard } = played.windows[0]!
    expect(heard.filter(({ type }) => type === 'go' || type === 'handed')).toEqual([
      { type: 'go', hash: '#/?q=Wie+lange%3F' },
      { type: 'handed' },
    ])
    // What is not there is said.
    expect(played.questions).toMatchObject([
      { message: expect.stringContaining('Nicht hinzugefügt'), detail: 'missing.txt' },
    ])
    const [first] = await take()
    expect(first).toMatchObject({ name: 'Frist.txt' })
    // It is loaded anew before it did anything with it, and other files come meanwhile.
    desktop.handOver(['Akten'], folder)
    await until(() => played.shown.includes('recent Akten'), 'it is handed over')
    await load()
    const files = await take()
    expect(files.map(({ name }) => name)).toEqual(['Frist.txt', 'Akten/Miete.txt'])
    for (const [number, file] of files.entries()) expect((await add(number, file)).status).toBe(200)
    expect(await names()).toEqual(['Frist.txt', 'Miete.txt'])
    await load()
    expect(await take()).toEqual([])
  })

  it('has the errors of any other file, and may be tried again', async () => {
    await load()
    const wrong = {
      'leer.txt': '',
      'gross.txt': 'Die Frist. '.repeat(600_000),
      'bild.pdf': 'no PDF',
      'weg.txt': 'a',
      'gut.txt': 'gut',
    }
    for (const [name, text] of Object.entries(wrong)) await writeFile(at(name), text)
    desktop.handOver(Object.keys(wrong), folder)
    await until(() => played.shown.includes('recent gut.txt'), 'they are handed over')
    const files = await take()
    await rm(at('weg.txt'))
    const answers = new Map<string, unknown>()
    for (const [number, file] of files.entries())
      answers.set(file.name, ((await (await add(number, file)).json()) as { code?: string }).code)
    expect(Object.fromEntries(answers)).toEqual({
      'leer.txt': 'empty-file',
      'gross.txt': 'too-large',
      'bild.pdf': 'type-mismatch',
      'weg.txt': 'file-missing',
      'gut.txt': undefined,
    })
    await appendFile(at('leer.txt'), 'nicht mehr')
    const again = await add(10, files.find(({ name }) => name === 'leer.txt')!)
    expect(again.status).toBe(200)
    expect(await names()).toEqual(['gut.txt', 'leer.txt'])
    expect((await add(11, files.find(({ name }) => name === 'gut.txt')!)).status).toBe(500)
    expect(played.questions).toEqual([])
  })

  it('is more than is taken at once: that is said, and the way for it is offered', async () => {
    await mkdir(at('viel'))
    for (let hundred = 0; hundred < 201; hundred++)
      await Promise.all(Array.from({ length: 100 }, (_, one) => writeFile(at(`viel/${hundred}-${one}.txt`), '')))
    desktop.handOver(['viel'], folder)
    await until(() => played.questions.length > 0, 'it is said', 60_000)
    expect(played.questions).toMatchObject([
      { message: expect.stringContaining('20.000'), buttons: ['Einem Ordner folgen …', 'OK'] },
    ])
    await load()
    await until(() => played.windows[0]!.heard.some(({ type }) => type === 'go'), 'it leads there')
    expect(played.windows[0]!.heard).toContainEqual({ type: 'go', hash: '#/folders' })
    expect(await take()).toHaveLength(20_000)
  })
})

describe('what a page sends', () => {
  it('is no document when it breaks it off, however deaf Electron is', async () => {
    await load()
    const broken = upload(0, 'halb.txt')
    await broken.begun
    await call('breakOff', { transfer: 0 })
    broken.goOn()
    expect((await broken.answer).type).toBe('error')
    await broken.over
    const whole = upload(1, 'ganz.txt')
    whole.goOn()
    expect((await whole.answer).status).toBe(200)
    expect(await names()).toEqual(['ganz.txt'])
  })

  it('ends with it, when it is loaded anew and when its window is gone', async () => {
    await load()
    const first = upload(0, 'erste.txt')
    await first.begun
    await call('tellUploads', { count: 1 })
    await load()
    first.goOn()
    expect((await first.answer).type).toBe('error')
    const second = upload(0, 'zweite.txt')
    await second.begun
    // What shows the page breaks, and another one takes its place.
    played.windows[0]!.events.failed?.()
    second.goOn()
    expect((await second.answer).type).toBe('error')
    await call('start', undefined, 2)
    expect(await names()).toEqual([])
    // Nor does anybody wait for it at the end.
    await desktop.quit()
    expect(played.questions).toEqual([])
  })

  it('from the disk is broken off as well, and comes to the page after this one', async () => {
    await load()
    await writeFile(at('gross.txt'), 'Die Frist beträgt drei Wochen.\n'.repeat(100_000))
    desktop.handOver(['gross.txt'], folder)
    await until(() => played.shown.includes('recent gross.txt'), 'it is handed over')
    const [file] = await take()
    await call('breakOff', { transfer: 0 })
    expect((await add(0, file!)).type).toBe('error')
    expect(await names()).toEqual([])
    await load()
    expect(await take()).toEqual([file])
    // What its user stopped does not.
    await call('leaveHanded', { all: true })
    await load()
    expect(await take()).toEqual([])
  })
})
