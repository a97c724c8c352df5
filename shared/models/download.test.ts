import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { modelBytes, openDownloads } from '../../tests/downloads.ts'
import { type Fault, type Hosted, type ModelServer, sha256, startModelServer } from '../../tests/model-server.ts'
import { type AppError, reasonOf, toAppError } from '../errors.ts'
import { createTranslate, explain } from '../messages/index.ts'
import type { DownloadRequest } from './download.ts'
import { readStates } from './download-state.ts'

let server: ModelServer
let base: string
let folder: string
beforeAll(async () => {
  server = await startModelServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'cloister-download-'))
  folder = path.join(base, 'models')
  server.files.clear()
  server.faults.clear()
  server.asked.length = 0
})
afterEach(() => rm(base, { recursive: true, force: true }))

const MB = 1024 * 1024
const bytes = modelBytes(3 * MB, 1)
const others = modelBytes(3 * MB, 2)
const at = '/files/small.gguf'
const atHub = '/org/repo/resolve/main/small.gguf'
const url = () => server.url + at
const host = (file: Partial<Hosted> = {}, where = at) =>
  server.files.set(where, { bytes, etag: `"${sha256(file.bytes ?? bytes).slice(0, 16)}"`, ...file })
const fail = (...faults: Fault[]) => server.faults.set(at, faults)

type Options = Parameters<typeof openDownloads>[1]

/** Fetches it, and gives what became of it: the checksum of what is in the folder, or the code of the error. */
async function fetched(request: Partial<DownloadRequest> = {}, options: Options = {}): Promise<string> {
  const { downloads } = await openDownloads(folder, options)
  try {
    const { name } = await downloads.start({ source: url(), ...request })
    await downloads.finished(name)
    return sha256(await readFile(path.join(folder, name)))
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    await downloads.close()
  }
}

const models = async () => (await readdir(folder)).filter(name => name.endsWith('.gguf'))
const left = async () => (await readdir(path.join(folder, 'downloads'))).sort()
const gets = () => server.asked.filter(({ method, path }) => method === 'GET' && path === at)

describe('a download', () => {
  it('ends as a model with its checksum, and leaves nothing else', async () => {
    host()
    const { downloads, files } = await openDownloads(folder)
    const seen: number[] = []
    const started = await downloads.start({ source: url() })
    expect(started).toMatchObject({ name: 'small.gguf', state: 'queued', reason: null })
    expect(await downloads.finished('small.gguf')).toEqual({
      name: 'small.gguf',
      size: bytes.length,
      sha256: sha256(bytes),
    })
    expect(sha256(await readFile(path.join(folder, 'small.gguf')))).toBe(sha256(bytes))
    expect(await files.verify('small')).toMatchObject({ state: 'sound', sha256: sha256(bytes) })
    expect(await left()).toEqual([])
    expect(await downloads.list()).toEqual([])
    await expect(downloads.start({ source: url() })).rejects.toMatchObject({ code: 'model-exists' })
    expect(await downloads.start({ source: url(), sha256: sha256(bytes) })).toMatchObject({ state: 'done' })
    expect(seen).toEqual([])
  })

  it('goes on where it was cut, and asks for the rest alone', async () => {
    host()
    fail({ cut: MB }, { cut: 100_000 }, { cut: 0 }, { cut: MB })
    expect(await fetched()).toBe(sha256(bytes))
    const asked = gets()
    expect(asked).toHaveLength(5)
    for (const [index, { range, ifRange, from }] of asked.entries()) {
      if (index === 0) continue
      expect(ifRange).toBe(`"${sha256(bytes).slice(0, 16)}"`)
      expect(range).toBe(`bytes=${from}-`)
      // Of what was sent, only what was under way is asked for again.
      expect(asked[index - 1]!.to - from).toBeLessThan(MB)
    }
  })

  it('is not waited for when nothing comes any more', async () => {
    host()
    fail({ stall: 500_000 }, { stall: 0 })
    expect(await fetched()).toBe(sha256(bytes))
    expect(gets()[2]?.from).toBeGreaterThan(0)
  })

  it.each<[string, Partial<Hosted>, Fault]>([
    ['a strong tag', { bytes: others, etag: '"new"' }, {}],
    ['a strong tag, from a server that does not look at If-Range', { bytes: others, etag: '"new"' }, { headers: {} }],
    ['the size', { bytes: modelBytes(2 * MB, 3), etag: '"new"' }, {}],
    ['the size, to less than is there', { bytes: modelBytes(MB / 2, 3), etag: '"new"' }, {}],
  ])('of a file that becomes another one begins anew: by %s', async (_, become, fault) => {
    host()
    const now: Hosted = { bytes, etag: null, ...become }
    fail({ cut: MB }, { become: now, cut: 200_000, ...fault })
    expect(await fetched()).toBe(sha256(now.bytes))
  })

  it.each<[string, string | null]>([
    ['a weak tag', 'W/"weak"'],
    ['no tag', null],
  ])('of a server with %s and without a checksum is never joined', async (_, etag) => {
    host({ etag })
    fail({ cut: MB }, { become: { bytes: others, etag }, cut: MB })
    expect(await fetched()).toBe(sha256(others))
    expect(gets().map(({ range }) => range)).toEqual([null, null, null])
  })

  it('of a server without a tag is joined when its checksum is known', async () => {
    host({ etag: null })
    fail({ cut: MB })
    expect(await fetched({ sha256: sha256(bytes) })).toBe(sha256(bytes))
    expect(gets()[1]?.from).toBeGreaterThan(0)
  })

  it.each<[string, Fault]>([
    ['flipped', { flip: 2 * MB }],
    ['flipped in the header', { flip: 40 }],
    ['moved', { shift: 64 }],
    ['too few', { resize: -1000 }],
    ['too many', { resize: 1000 }],
    ['packed, and no model', { gzip: true, resize: -2 * MB }],
    ['a web page', { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>Log in' }],
    ['text', { status: 200, headers: { etag: '"x"' }, body: 'Not Found' }],
    ['nothing at all', { status: 200 }],
    ['an answer without a body', { status: 204 }],
  ])('whose bytes are wrong is thrown away and fetched again: %s', async (what, fault) => {
    host()
    fail(fault)
    const refused = what === 'an answer without a body'
    expect(await fetched({ sha256: sha256(bytes) })).toBe(refused ? 'download-refused' : sha256(bytes))
  })

  it('that is wrong every time ends with a word, and nothing is in the folder', async () => {
    host()
    fail(...Array.from({ length: 9 }, () => ({ flip: 2 * MB })))
    expect(await fetched({ sha256: sha256(bytes) })).toBe('download-wrong')
    expect(await models()).toEqual([])
    expect(gets()).toHaveLength(2)
    const [{ state, reason, durable }] = await readStates(path.join(folder, 'downloads'))
    expect([state, reason?.code, durable]).toEqual(['failed', 'download-wrong', 0])
  })

  it.each<[string, Fault]>([
    ['sends the whole again', { whole: true }],
    ['packs the whole', { whole: true, gzip: true }],
    ['begins elsewhere', { contentRange: `bytes 0-${bytes.length - 1}/${bytes.length}` }],
    ['says nothing of where it begins', { contentRange: null }],
    ['says nonsense', { contentRange: 'bytes 5' }],
    ['says another size', { contentRange: `bytes ${MB}-${bytes.length}/${bytes.length + 1}` }],
    ['has no such range', { status: 416 }],
    ['says that there is less', { status: 416, headers: { 'content-range': 'bytes */1000' } }],
    ['has a moment', { status: 503, headers: { 'retry-after': '0' } }],
    ['has too much to do', { status: 429 }],
  ])('survives a server that, asked for the rest, %s', async (_, fault) => {
    host()
    for (const sum of [undefined, sha256(bytes)]) {
      await rm(folder, { recursive: true, force: true })
      fail({ cut: MB }, fault, ...(fault.status === 416 ? [] : [fault, fault]))
      expect(await fetched(sum === undefined ? {} : { sha256: sum })).toBe(sha256(bytes))
    }
  })

  it('keeps what is there when a login page comes in place of the rest', async () => {
    host()
    const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }
    fail({ cut: 2 * MB }, page, page)
    expect(await fetched()).toBe('download-no-model')
    const before = gets().length
    expect(await fetched()).toBe(sha256(bytes))
    expect(gets()[before]!.from).toBeGreaterThan(MB)
  })

  it('does not fetch what begins as no model', async () => {
    const rubbish = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(40 * MB, 7)])
    host({ bytes: rubbish })
    expect(await fetched()).toBe('model-invalid')
    expect(gets().reduce((sum, { from, to }) => sum + to - from, 0)).toBeLessThan(20 * MB)
    const claims = Buffer.from(modelBytes(30 * MB, 1))
    // A version of the format that nobody knows.
    claims.writeUInt32LE(77, 4)
    host({ bytes: claims })
    expect(await fetched()).toBe('model-invalid')
    expect(await models()).toEqual([])
  })

  it('of a server that says no size and closes is taken when it is whole, and not when it is not', async () => {
    host({ etag: null })
    fail({ unsized: true })
    expect(await fetched()).toBe(sha256(bytes))
    await rm(folder, { recursive: true })
    fail({ unsized: true, resize: 5_000 - bytes.length })
    expect(await fetched()).toBe('model-invalid')
    expect(await models()).toEqual([])
  })

  it.each<[number, string]>([
    [404, 'download-missing'],
    [410, 'download-missing'],
    [401, 'download-refused'],
    [403, 'download-refused'],
    [500, 'download-unreachable'],
    [304, 'download-refused'],
  ])('that the server answers with %i ends with %s', async (status, code) => {
    host()
    fail(...Array.from({ length: 50 }, () => ({ status })))
    expect(await fetched()).toBe(code)
  })

  it('is not begun where there is no room, and not gone on with past the limit', async () => {
    host()
    expect(await fetched({}, { limit: MB })).toBe('model-too-large')
    fail({ unsized: true })
    expect(await fetched({}, { limit: MB })).toBe('model-too-large')
    const endless: typeof fetch = async () => new Response('GGUF', { headers: { 'content-length': String(2 ** 49) } })
    expect(await fetched({}, { fetchOf: () => endless })).toBe('disk-full')
    expect(await models()).toEqual([])
  })

  it('says what the way out refuses, and tries nothing again', async () => {
    const { AppError } = await import('../errors.ts')
    const refused = vi.fn(async () => Promise.reject(new AppError('egress-refused', { host: 'x', why: 'offline' })))
    expect(await fetched({}, { fetchOf: () => refused })).toBe('egress-refused')
    expect(refused).toHaveBeenCalledTimes(1)
  })
})

describe('sources', () => {
  const known = (more: object = {}) => ({
    hubs: { hub: server.url, mirrors: [`${server.url}/mirror`] },
    find: (name: string) =>
      name === 'small' ? { urls: [`https://huggingface.co${atHub}`], file: 'small.gguf', ...more } : undefined,
  })
  const hub = (file: Partial<Hosted> = {}) => host({ hub: true, etag: null, ...file }, atHub)
  const mirror = (file: Partial<Hosted> = {}) => host({ hub: true, etag: null, ...file }, `/mirror${atHub}`)
  const asked = (where: string) =>
    server.asked.filter(({ path, method, status }) => path === where && method === 'GET' && status !== 302)

  it('are the hub, which says the checksum, and where it sends on to', async () => {
    hub()
    server.faults.set(atHub, [{ cut: MB }, { flip: 2 * MB }])
    expect(await fetched({ source: 'small' }, known())).toBe(sha256(bytes))
    // Joined over the cut without a tag; then thrown away for its checksum, and fetched again.
    expect(asked(atHub).map(({ from }) => from > 0)).toEqual([false, true, false])
  })

  it('are mirrors after it: one that is bad, or gone, is left', async () => {
    mirror()
    expect(await fetched({ source: 'small' }, known())).toBe(sha256(bytes))
    await rm(folder, { recursive: true })
    hub()
    server.faults.set(
      atHub,
      Array.from({ length: 9 }, () => ({ flip: MB })),
    )
    expect(await fetched({ source: 'small' }, known())).toBe(sha256(bytes))
    await rm(folder, { recursive: true })
    // Half from the one, the rest from the other: the checksum holds for both.
    server.asked.length = 0
    server.faults.set(atHub, [{ cut: MB }, ...Array.from({ length: 9 }, () => ({ cut: 0 }))])
    expect(await fetched({ source: 'small' }, known())).toBe(sha256(bytes))
    expect(asked(`/mirror${atHub}`)[0]!.from).toBeGreaterThan(0)
  })

  it('are left for another one when they drip, and only then', async () => {
    const times = { stall: 60_000, drip: 300 }
    hub()
    mirror()
    server.faults.set(atHub, [{ drip: MB }])
    expect(await fetched({ source: 'small' }, { ...known(), times })).toBe(sha256(bytes))
    const [first] = asked(atHub)
    const [second] = asked(`/mirror${atHub}`)
    expect(second).toMatchObject({ to: bytes.length })
    expect(second!.from).toBeGreaterThanOrEqual(MB)
    expect(second!.from).toBeLessThanOrEqual(first!.to)
    expect(asked(atHub)).toHaveLength(1)
    await rm(folder, { recursive: true })
    server.asked.length = 0
    // There is nobody else: better slow than not at all.
    host()
    fail({ drip: bytes.length - 60 })
    expect(await fetched({ sha256: sha256(bytes) }, { times })).toBe(sha256(bytes))
    expect(gets()).toHaveLength(1)
  })

  it('are not believed against the hub, nor against what was fetched at first', async () => {
    hub()
    mirror({ bytes: others })
    server.faults.set(atHub, [{ cut: MB }, { status: 404 }])
    expect(await fetched({ source: 'small' }, known())).toBe('download-wrong')
    expect(await fetched({ source: 'small' }, known())).toBe(sha256(bytes))
    expect(await readFile(path.join(folder, 'pinned.sha256'), 'utf8')).toContain(sha256(bytes))
    await rm(path.join(folder, 'small.gguf'))
    // The hub itself has become another one.
    hub({ bytes: others })
    expect(await fetched({ source: 'small' }, known())).toBe('download-wrong')
    expect(await fetched({ source: 'small', sha256: sha256(others) }, known())).toBe(sha256(others))
    await rm(path.join(folder, 'small.gguf'))
    expect(await fetched({ source: 'small' }, known())).toBe(sha256(others))
    // It is there already, and is what it should be.
    const { downloads } = await openDownloads(folder, known())
    expect(await downloads.start({ source: 'small' })).toMatchObject({ state: 'done' })
  })

  it('have sizes and checksums in the catalog, which nobody else overrules', async () => {
    hub()
    expect(await fetched({ source: 'small' }, known({ size: 5 }))).toBe('download-wrong')
    expect(await fetched({ source: 'small' }, known({ sha256: sha256(others) }))).toBe('download-wrong')
    expect(asked(atHub)).toEqual([])
  })

  it.each([
    ['small', 'download-address'],
    ['ftp://example.org/a.gguf', 'download-address'],
    ['https://me:secret@example.org/a.gguf', 'download-address'],
    ['https://example.org/a', 'download-unnamed'],
    ['https://example.org/..%2fa.gguf', 'download-unnamed'],
    ['https://example.org/%00.gguf', 'download-unnamed'],
    ['https://example.org/.a.gguf', 'download-unnamed'],
    ['https://example.org/con.gguf', 'download-unnamed'],
  ])('that are none are refused at once: %s', async (source, code) => {
    expect(await fetched({ source })).toBe(code)
  })

  it('may give a name where the address has none', async () => {
    server.files.set('/get', { bytes, etag: null })
    expect(await fetched({ source: `${server.url}/get?id=1`, name: 'mine.gguf' })).toBe(sha256(bytes))
    expect(await fetched({ source: `${server.url}/get?id=1`, name: '../mine.gguf' })).toBe('download-unnamed')
    const { downloads } = await openDownloads(folder)
    const error = await downloads.start({ source: url(), name: 'mine.bin' }).catch(toAppError)
    const told = explain(createTranslate('en'), reasonOf(error as AppError))
    expect(told).toContain('“mine.bin” is no name for a model')
    expect(told).not.toContain('address')
  })
})

describe('downloads', () => {
  /** One that stands still in its middle. */
  async function halfway(options: Options = {}) {
    host()
    fail({ stall: 2 * MB })
    const opened = await openDownloads(folder, { times: { stall: 60_000, look: 20 }, ...options })
    await opened.downloads.start({ source: url() })
    await vi.waitFor(async () => expect((await opened.downloads.get('small.gguf'))?.received).toBe(2 * MB), 30_000)
    return opened.downloads
  }

  it('tell what came last before their source fell silent', async () => {
    host()
    fail({ stall: 2 * MB })
    const told: (number | undefined)[] = []
    const { downloads } = await openDownloads(folder, { times: { stall: 60_000 }, changed: () => void look() })
    const look = async () => told.push((await downloads.get('small.gguf'))?.received)
    await downloads.start({ source: url() })
    await vi.waitFor(() => expect(told).toContain(2 * MB), 30_000)
    await downloads.cancel('small.gguf')
  })

  it('are paused, listed, gone on with, and cancelled', async () => {
    const downloads = await halfway()
    const waiting = expect(downloads.finished('small.gguf')).rejects.toMatchObject({ code: 'cancelled' })
    expect(await downloads.pause('small.gguf')).toMatchObject({ state: 'paused', size: bytes.length })
    await waiting
    const [{ received }] = await downloads.list()
    expect(received).toBe(2 * MB)
    expect(await downloads.resume('small.gguf')).toMatchObject({ state: 'queued' })
    await downloads.finished('small.gguf')
    expect(gets().map(({ from }) => from)).toEqual([0, 2 * MB])
    expect(await downloads.list()).toEqual([])

    await rm(path.join(folder, 'small.gguf'))
    const again = await halfway()
    await again.cancel('small.gguf')
    expect([await left(), await models(), await again.list()]).toEqual([[], [], []])
    for (const verb of ['pause', 'resume', 'cancel'] as const)
      await expect(again[verb]('small.gguf')).rejects.toMatchObject({ code: 'download-not-found' })
  })

  it('go on with the next process by themselves, unless they were paused', async () => {
    await (await halfway()).close()
    const next = await openDownloads(folder, { process: 2 })
    expect(await next.downloads.list()).toMatchObject([{ state: 'paused', received: 2 * MB }])
    await next.downloads.recover()
    await next.downloads.finished('small.gguf')
    expect(gets().map(({ from }) => from)).toEqual([0, 2 * MB])

    await rm(path.join(folder, 'small.gguf'))
    await (await halfway()).pause('small.gguf')
    const third = await openDownloads(folder, { process: 3 })
    await third.downloads.recover()
    await expect(third.downloads.finished('small.gguf')).rejects.toMatchObject({ code: 'download-not-found' })
  })

  it('trust nothing that was not made durable', async () => {
    await (await halfway()).pause('small.gguf')
    const [part] = (await left()).filter(name => name.endsWith('.part'))
    const file = path.join(folder, 'downloads', part!)
    // As after a loss of power: longer than was promised, with holes; or shorter.
    await writeFile(file, Buffer.concat([await readFile(file), Buffer.alloc(500_000)]))
    expect(await fetched()).toBe(sha256(bytes))
    await rm(path.join(folder, 'small.gguf'))
    await (await halfway()).pause('small.gguf')
    await truncate(file, 1000)
    expect(await fetched()).toBe(sha256(bytes))
    await rm(path.join(folder, 'small.gguf'))
    await (await halfway()).pause('small.gguf')
    await writeFile(file.replace('.part', '.json'), '{"version":1')
    expect(await fetched()).toBe(sha256(bytes))
  })

  it('are one for all who wait, in one process', async () => {
    host()
    const { downloads } = await openDownloads(folder)
    await Promise.all([1, 2, 3].map(() => downloads.start({ source: url() })))
    const all = await Promise.all([1, 2, 3].map(() => downloads.finished('small.gguf')))
    expect(new Set(all.map(({ sha256 }) => sha256))).toEqual(new Set([sha256(bytes)]))
    expect(gets()).toHaveLength(1)
    await expect(downloads.start({ source: `${server.url}/other/small.gguf` })).rejects.toMatchObject({
      code: 'model-exists',
    })
  })

  it('are one for all who wait, in several processes; one that is killed is followed by another', async () => {
    const first = await halfway()
    const second = await openDownloads(folder, { process: 2 })
    await second.downloads.start({ source: url() })
    const waiting = second.downloads.finished('small.gguf')
    await vi.waitFor(async () => expect((await second.downloads.list())[0]).toMatchObject({ state: 'active' }), 30_000)
    await vi.waitFor(async () => expect((await second.downloads.list())[0]?.received).toBeGreaterThan(MB), 30_000)
    const third = await openDownloads(folder, { process: 3 })
    expect(await third.downloads.list()).toMatchObject([{ state: 'active' }])
    for (const verb of ['pause', 'cancel'] as const)
      await expect(third.downloads[verb]('small.gguf')).rejects.toMatchObject({ code: 'download-elsewhere' })
    expect(gets()).toHaveLength(1)
    await first.close()
    expect(await waiting).toMatchObject({ sha256: sha256(bytes) })
    expect(gets()).toHaveLength(2)
  })

  it.each(['cancel', 'pause'] as const)('of another process are stopped there: %s', async verb => {
    const first = await halfway()
    const second = await openDownloads(folder, { process: 2 })
    await second.downloads.start({ source: url() })
    await vi.waitFor(async () => expect((await second.downloads.list())[0]?.received).toBeGreaterThan(MB), 30_000)
    await expect(second.downloads[verb]('small.gguf')).rejects.toMatchObject({ code: 'download-elsewhere' })
    expect(await first.list()).toMatchObject([{ state: 'active' }])
    await second.downloads.start({ source: url() })
    const waiting = expect(second.downloads.finished('small.gguf')).rejects.toMatchObject({ code: 'cancelled' })
    await vi.waitFor(async () => expect((await second.downloads.list())[0]?.received).toBeGreaterThan(MB), 30_000)
    await first[verb]('small.gguf')
    await waiting
    expect(gets()).toHaveLength(1)
    expect(await second.downloads.list()).toMatchObject(verb === 'pause' ? [{ state: 'paused' }] : [])
    expect(await models()).toEqual([])
    if (verb === 'cancel') expect(await left()).toEqual([])
  })

  it('of another address under the same name wait for nobody', async () => {
    const downloads = await halfway()
    await expect(downloads.start({ source: `${server.url}/other/small.gguf` })).rejects.toMatchObject({
      code: 'download-other',
    })
    await downloads.pause('small.gguf')
    host({ bytes: others }, '/other/small.gguf')
    const other = { source: `${server.url}/other/small.gguf` }
    // Nothing tells that it is the same file, and what is there is not thrown away for it.
    expect(await fetched(other)).toBe('download-other')
    expect(await fetched({ ...other, sha256: sha256(others) })).toBe('download-other')
    expect(await downloads.list()).toMatchObject([{ state: 'paused', received: 2 * MB }])
    await downloads.cancel('small.gguf')
    expect(await fetched(other)).toBe(sha256(others))
  })

  it('of another address are the same one when the checksum says so', async () => {
    const sum = sha256(bytes)
    host({}, '/other/small.gguf')
    host()
    fail({ stall: 2 * MB })
    const { downloads } = await openDownloads(folder, { times: { stall: 60_000 } })
    await downloads.start({ source: url(), sha256: sum })
    await vi.waitFor(async () => expect((await downloads.get('small.gguf'))?.received).toBe(2 * MB), 30_000)
    await downloads.pause('small.gguf')
    expect(await fetched({ source: `${server.url}/other/small.gguf`, sha256: sum })).toBe(sum)
    expect(server.asked.at(-1)).toMatchObject({ path: '/other/small.gguf', from: 2 * MB })
  })

  it('of another process are not given out as what another address has', async () => {
    host()
    fail({ stall: 0 })
    const first = await openDownloads(folder, { times: { stall: 60_000 } })
    await first.downloads.start({ source: url() })
    await vi.waitFor(() => expect(gets()).toHaveLength(1), 30_000)
    host({ bytes: others }, '/other/small.gguf')
    const { downloads } = await openDownloads(folder, { process: 2 })
    await expect(downloads.start({ source: `${server.url}/other/small.gguf` })).rejects.toMatchObject({
      code: 'download-other',
    })
    await first.downloads.close()
  })

  it('tell how fast they are, and what is left', async () => {
    host({ bytes: modelBytes(8 * MB, 4) })
    const seen = new Set<string>()
    const slow: typeof fetch = async (...args) => {
      const response = await fetch(...args)
      const through = new TransformStream<Uint8Array, Uint8Array>({
        async transform(chunk, control) {
          await new Promise(resolve => setTimeout(resolve, 36))
          control.enqueue(chunk)
        },
      })
      return new Response(response.body?.pipeThrough(through) ?? null, response)
    }
    const { downloads } = await openDownloads(folder, { fetchOf: () => slow, changed: name => void seen.add(name) })
    await downloads.start({ source: url() })
    await vi.waitFor(async () => expect((await downloads.get('small.gguf'))?.rate).toBeGreaterThan(0), 30_000)
    const { rate, secondsLeft, received, size } = (await downloads.get('small.gguf'))!
    expect(size).toBe(8 * MB)
    expect(Math.abs(secondsLeft! - (size! - received) / rate!)).toBeLessThan(3)
    await downloads.finished('small.gguf')
    expect(await downloads.get('small.gguf')).toBeUndefined()
    expect([...seen]).toEqual(['small.gguf'])
  })

  it('begin two at a time; the others wait, and may be cancelled meanwhile', async () => {
    const { downloads } = await openDownloads(folder, { times: { stall: 60_000 } })
    for (const name of ['a', 'b', 'c', 'd']) {
      host({}, `/${name}.gguf`)
      if (name < 'c') server.faults.set(`/${name}.gguf`, [{ stall: MB }])
      await downloads.start({ source: `${server.url}/${name}.gguf` })
    }
    await vi.waitFor(async () => expect((await downloads.get('b.gguf'))?.received).toBeGreaterThan(0), 30_000)
    const states = (await downloads.list()).map(({ state }) => state)
    expect(states).toEqual(['active', 'active', 'queued', 'queued'])
    await downloads.cancel('c.gguf')
    expect((await downloads.list()).map(({ name }) => name)).toEqual(['a.gguf', 'b.gguf', 'd.gguf'])
    const last = downloads.finished('d.gguf')
    await downloads.pause('a.gguf')
    await last
    await downloads.close()
    expect((await models()).sort()).toEqual(['d.gguf'])
  })

  it('of a process that was killed when it had given the model its name are tidied up', async () => {
    await (await halfway()).close()
    const [part] = (await left()).filter(name => name.endsWith('.part'))
    const file = path.join(folder, 'downloads', part!)
    await writeFile(file, bytes)
    const { link } = await import('node:fs/promises')
    await link(file, path.join(folder, 'small.gguf'))
    const { downloads } = await openDownloads(folder, { process: 2 })
    await downloads.recover()
    expect(await left()).toEqual([])
    expect((await stat(path.join(folder, 'small.gguf'))).size).toBe(bytes.length)
  })
})
