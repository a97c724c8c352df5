import { appendFile, mkdir, mkdtemp, readdir, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import busboy from 'busboy'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isProblem } from '../../shared/api/api-error.ts'
import type { DesktopMessage } from '../../shared/api/desktop.ts'
import { handedHeader, transferHeader } from '../../shared/api/desktop-headers.ts'
import { AppError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import { createHandedFiles, type HandedFiles } from '../bridge/handed-files.ts'
import { createAppRequests } from './app-protocol.ts'
import { listPageFiles } from './files.ts'
import { createTransfers, type Transfers } from './transfers.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
let folder: string
let handle: (request: Request) => Promise<Response>
const asked: Request[] = []
let handed: HandedFiles
let transfers: Transfers
let serve: (request: Request) => Promise<Response>
const told: DesktopMessage[] = []

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-page-'))
  await mkdir(path.join(folder, 'built/assets'), { recursive: true })
  await writeFile(path.join(folder, 'secret.txt'), 'secret')
  await writeFile(path.join(folder, 'built/index.html'), '<script nonce="__NONCE__"></script>')
  await writeFile(path.join(folder, 'built/assets/a-1.js'), 'export {}')
  await symlink(path.join(folder, 'secret.txt'), path.join(folder, 'built/link.txt'))
  handed = createHandedFiles({ log: silent })
  transfers = createTransfers({ tell: (_, message) => void told.push(message) })
  handle = createAppRequests({
    files: await listPageFiles(path.join(folder, 'built')),
    server: async request => {
      asked.push(request)
      if (/documents$|models$/.test(request.url)) return serve(request)
      if (request.url.endsWith('/gone')) throw new Error('no server')
      if (request.url.endsWith('/busy')) throw new AppError('library-busy')
      return new Response('{}', { headers: { 'set-cookie': 'a=b', 'content-type': 'application/json' } })
    },
    handed,
    transfers,
    log: silent,
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const get = (at: string, init?: RequestInit) =>
  handle(new Request(at.startsWith('app:') ? at : `app://bundle${at}`, init))

describe('the page', () => {
  it('goes out with a nonce of its own each time, which its policy names', async () => {
    const [first, second] = [await get('/'), await get('/index.html?a#b')]
    const nonces = [first, second].map(
      answer => /'nonce-([^']+)'/.exec(answer.headers.get('content-security-policy')!)![1],
    )
    expect(await first.text()).toBe(`<script nonce="${nonces[0]}"></script>`)
    expect(nonces[0]).not.toBe(nonces[1])
    expect(first.headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  it('has its files with their types, and nothing that was not built', async () => {
    const script = await get('/assets/a-1.js')
    expect(await script.text()).toBe('export {}')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await get('/assets/a-1.js', { method: 'HEAD' })).body).toBeNull()
    for (const at of [
      '/secret.txt',
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/link.txt',
      '/assets',
      '/assets/',
      '/a',
      '/docs',
      '//etc/passwd',
    ])
      expect({ at, status: (await get(at)).status }).toEqual({ at, status: 404 })
    expect((await get('/', { method: 'POST', body: 'a' })).status).toBe(405)
  })

  it('is of one origin: others have nothing, and may ask nothing', async () => {
    for (const at of ['app://other/', 'app://bundle.evil/', 'https://bundle/', 'app://bundle:80/api/v1/session'])
      expect({ at, status: (await get(at)).status }).toEqual({ at, status: 404 })
    asked.length = 0
    for (const origin of ['https://evil.example', 'null', 'app://other'])
      expect((await handle(foreign(origin))).status).toBe(403)
    expect(asked).toEqual([])
  })

  it('reaches the server, which hears nothing of where it comes from, and gives it no cookies', async () => {
    asked.length = 0
    const answer = await get('/api/v1/ask?a=1', {
      method: 'POST',
      body: '{"a":1}',
      headers: {
        authorization: 'Bearer stolen',
        'content-type': 'application/json',
        'accept-language': 'de',
        'x-forwarded-for': '1.2.3.4',
      },
    })
    expect(answer.status).toBe(200)
    expect([...answer.headers.keys()]).not.toContain('set-cookie')
    const [request] = asked as [Request]
    expect(request.url).toBe('http://localhost/api/v1/ask?a=1')
    expect([...request.headers.keys()].toSorted()).toEqual(['accept-language', 'content-type'])
    expect(await request.text()).toBe('{"a":1}')
  })

  it('hears of an error of the network where no server runs', async () => {
    expect((await get('/api/v1/gone')).type).toBe('error')
    // What main refuses by itself is told as the server tells it.
    const busy = await get('/api/v1/busy', { method: 'POST' })
    const problem: unknown = await busy.json()
    expect([busy.status, isProblem(problem) && problem.code]).toEqual([503, 'library-busy'])
  })
})

const documents = '/api/v1/projects/0198c1f0-0000-7000-8000-000000000000/documents'

async function offer(name: string, text: string | Uint8Array): Promise<{ id: string; file: string }> {
  const file = path.join(folder, name)
  await writeFile(file, text)
  await handed.offer([file], () => {})
  return { id: handed.take()[0]!.id, file }
}

const add = (id: string, name: string, { at = documents, ...init }: RequestInit & { at?: string } = {}) =>
  get(at, { method: 'POST', ...init, headers: { [handedHeader]: id, [transferHeader]: name, 'x-cloister': '1' } })

describe('a file that was handed over', () => {
  it('goes from the disk to where documents are added, and is used up when it is there', async () => {
    const page = transfers.openPage(1)
    const name = 'Über "alles"; ein\\Titel’s.txt'
    const { id } = await offer(name, 'eins')
    const seen: string[] = []
    serve = async request => {
      const announced = Number(request.headers.get('content-length'))
      const bytes = Buffer.from(await request.clone().arrayBuffer())
      expect(bytes.length).toBe(announced)
      expect([...request.headers.keys()].filter(header => /cloister-/.test(header))).toEqual([])
      const { promise, resolve } = Promise.withResolvers<string>()
      const parser = busboy({ headers: Object.fromEntries(request.headers), preservePath: true })
      parser.on('file', (field, stream, { filename }) => {
        void stream.toArray().then(parts => resolve(`${field} ${filename} ${Buffer.concat(parts)}`))
      })
      parser.end(bytes)
      seen.push(await promise)
      return Response.json({ results: [] })
    }
    expect(await (await add(id, `${page}/0`)).json()).toEqual({ results: [] })
    expect(seen).toEqual([`files ${name} eins`])
    expect(told).toContainEqual({ type: 'sent', transfer: 0, sent: 4 })
    expect((await add(id, `${page}/1`)).status).toBe(500)
  })

  it('is refused by the server as any other, and can be sent again', async () => {
    const page = transfers.openPage(1)
    const { id } = await offer('b.txt', 'eins')
    const refusal = { code: 'too-large', status: 413 }
    serve = async () => Response.json(refusal, { status: 413 })
    const answer = await add(id, `${page}/0`)
    expect([answer.status, await answer.json()]).toEqual([413, refusal])
    serve = async () => Promise.reject(new Error('gone'))
    expect((await add(id, `${page}/1`)).type).toBe('error')
    serve = async request => Response.json({ length: (await request.text()).length > 4 })
    expect((await add(id, `${page}/2`)).status).toBe(200)
  })

  it('that the server refuses comes to no other page; that it could not take just now does', async () => {
    const page = transfers.openPage(1)
    const [no, later] = [await offer('nein.txt', 'eins'), await offer('später.txt', 'zwei')]
    serve = async () => Response.json({ code: 'unsupported-type', status: 415 }, { status: 415 })
    await add(no.id, `${page}/0`)
    serve = async () => Response.json({ code: 'internal', status: 500 }, { status: 500 })
    await add(later.id, `${page}/1`)
    handed.again()
    const names = handed.take().map(({ name }) => name)
    expect([names.includes('nein.txt'), names.includes('später.txt')]).toEqual([false, true])
  })

  it.runIf(process.platform === 'linux')('is closed, however it ended', async () => {
    const page = transfers.openPage(1)
    const { id, file } = await offer('zu.txt', 'eins')
    const answers = [
      async () => Response.json({}, { status: 500 }),
      async () => Response.json({}, { status: 413 }),
      async () => Promise.reject(new Error('gone')),
      async () => Response.json({}),
    ]
    for (const [at, answer] of answers.entries()) {
      serve = answer
      await add(id, `${page}/${at}`)
    }
    const open = await readdir('/proc/self/fd')
    const files = await Promise.all(open.map(number => readlink(`/proc/self/fd/${number}`).catch(() => '')))
    expect(files).not.toContain(await realpath(file))
  })

  it('says in words that a page knows what is wrong with it, and never ends as a whole file then', async () => {
    const page = transfers.openPage(1)
    const { id, file } = await offer('c.txt', new Uint8Array(1024 * 1024))
    let whole: boolean | undefined
    serve = async request => {
      const reader = request.body!.getReader()
      await reader.read()
      await reader.read()
      await appendFile(file, 'mehr')
      whole = await (async () => {
        while (!(await reader.read()).done);
        return true
      })().catch(() => false)
      throw new Error('it broke off')
    }
    const answer = await add(id, `${page}/0`)
    const problem = await answer.json()
    expect([answer.status, isProblem(problem), whole]).toEqual([409, true, false])
    expect(problem).toMatchObject({ code: 'file-changed' })
    await rm(file)
    expect(await (await add(id, `${page}/1`)).json()).toMatchObject({ code: 'file-missing', values: { file: 'c.txt' } })
  })

  it('is for documents alone, and for a page that is there', async () => {
    const page = transfers.openPage(1)
    const { id } = await offer('d.txt', 'eins')
    asked.length = 0
    serve = async () => Response.json({})
    const statuses = [
      await add(id, `${page}/0`, { at: '/api/v1/models' }),
      await add(id, `${page}/1`, { at: `${documents}/../../../models` }),
      await add(id, `${page}/2`, { method: 'PUT' }),
      await add(id, `${page}/3`, { body: 'more' }),
      await get(documents, { method: 'POST', headers: { [handedHeader]: id } }),
    ].map(({ status }) => status)
    expect(statuses).toEqual([400, 400, 400, 400, 400])
    expect((await add(id, `${crypto.randomUUID()}/0`)).type).toBe('error')
    expect((await get(`/handed/${id}`)).status).toBe(404)
    expect(asked).toEqual([])
    expect((await add(id, `${page}/4`)).status).toBe(200)
  })
})

describe('what a page sends', () => {
  it('ends at the server when the page says so, and is read to its end by nobody but us', async () => {
    const page = transfers.openPage(1)
    let pulled = 0
    let closed = false
    // As Electron reads a file: nobody hears of a cancel.
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1
        if (pulled > 50) {
          closed = true
          controller.close()
        } else controller.enqueue(new Uint8Array(1000))
      },
    })
    const arrived: number[] = []
    serve = async request => {
      for await (const chunk of request.body!) {
        arrived.push(chunk.length)
        if (arrived.length === 3) transfers.breakOff(1, 0)
        request.signal.throwIfAborted()
      }
      return Response.json({})
    }
    const init = { method: 'POST', body, duplex: 'half', headers: { [transferHeader]: `${page}/0` } } as const
    expect((await get(documents, init)).type).toBe('error')
    expect(arrived).toHaveLength(3)
    await expect.poll(() => closed).toBe(true)
  })
})

/** With a header that `Request` does not let one set. */
function foreign(origin: string): Request {
  const request = new Request('app://bundle/api/v1/session')
  const headers = new Headers(request.headers)
  headers.set('origin', origin)
  return new Proxy(request, {
    get: (target, name) => {
      if (name === 'headers') return headers
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
