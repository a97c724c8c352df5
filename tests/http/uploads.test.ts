import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { until } from '../until.ts'
import { openTestServer, type TestServer, type TestServerOptions, token } from './open-server.ts'

let server: TestServer
const open = async (options: TestServerOptions = {}) => {
  server = await openTestServer(options)
  return server
}
afterEach(() => server.stop())

const boundary = 'x-boundary'
const opening = (name: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`
const closing = `\r\n--${boundary}--\r\n`

/** Sends pieces as long as the server reads, and tells what came back and how much had been sent by then. */
function send(
  pieces: Iterable<Buffer | string>,
  options: { length?: number; target?: string } = {},
): Promise<{ status: number; body: Record<string, unknown>; sent: number }> {
  return new Promise((resolve, reject) => {
    const { port } = server.http.address() as AddressInfo
    let sent = 0
    const out = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: options.target ?? `/api/v1/projects/${server.projectId}/documents`,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': `multipart/form-data; boundary=${boundary}`,
        ...(options.length !== undefined && { 'content-length': options.length }),
      },
    })
    let answered = false
    out.on('response', answer => {
      answered = true
      const at = sent
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown>, sent: at })
        out.destroy()
      })
    })
    out.on('error', error => {
      if (!answered) reject(error)
    })
    const iterator = pieces[Symbol.iterator]()
    const next = () => {
      for (;;) {
        if (answered || out.destroyed) return
        const { done, value } = iterator.next()
        if (done) return out.end()
        sent += value.length
        if (!out.write(value)) return out.once('drain', next)
      }
    }
    next()
  })
}

const megabyte = Buffer.alloc(1024 * 1024, 'Text und Zahlen. ')
function* file(name: string, megabytes: number, first: Buffer | string = ''): Generator<Buffer | string> {
  yield opening(name)
  yield first
  for (let count = 0; count < megabytes; count++) yield megabyte
  yield closing
}
const lengthOf = (name: string, megabytes: number, first = '') =>
  opening(name).length + first.length + megabytes * megabyte.length + closing.length

const blobsIn = async () =>
  (await readdir(path.join(server.folder, 'blobs'), { recursive: true, withFileTypes: true })).filter(entry =>
    entry.isFile(),
  )

describe('a file is judged before it has come', () => {
  it('by its name', async () => {
    await open({ maxFileSize: 2 ** 31 })
    const { status, body, sent } = await send(file('film.mp4', 300), { length: lengthOf('film.mp4', 300) })
    expect([status, body]).toMatchObject([415, { code: 'unsupported-type', results: [{ file: 'film.mp4' }] }])
    expect(sent).toBeLessThan(50 * megabyte.length)
  })

  it('by its first bytes', async () => {
    await open({ maxFileSize: 2 ** 31 })
    const { status, body, sent } = await send(file('bild.txt', 300, Buffer.from('\x89PNG\r\n', 'latin1')), {
      length: lengthOf('bild.txt', 300, '\x89PNG\r\n'),
    })
    expect([status, body.code]).toEqual([415, 'type-mismatch'])
    expect(sent).toBeLessThan(50 * megabyte.length)
    await until(async () => (await blobsIn()).length === 0, 'nothing is left')
  })

  it('but taken where only its reader can say what it is', async () => {
    await open({ maxFileSize: 2 ** 20 })
    const { client, projectId } = server
    const word = new File(['PK\x03\x04 and what Word packs'], 'Brief.txt')
    const { results } = await client.documents.upload({ projectId, files: [word] })
    expect(results).toMatchObject([{ added: true, problem: null }])
  })

  it('by the length it is said to have, before any of it is read', async () => {
    await open({ maxFileSize: 2 * megabyte.length })
    const { status, body } = await send([opening('a.txt')], { length: 10 * 2 ** 30 })
    expect([status, body]).toMatchObject([413, { code: 'too-large', values: { limit: 2 * megabyte.length } }])
    expect(await blobsIn()).toEqual([])
  })

  it('by its size, also without a length', async () => {
    await open({ maxFileSize: 2 * megabyte.length })
    for (const length of [lengthOf('a.txt', 300), undefined]) {
      const { status, body, sent } = await send(file('a.txt', 300), length === undefined ? {} : { length })
      expect([status, body]).toMatchObject([413, { code: 'too-large', values: { limit: 2 * megabyte.length } }])
      expect(sent).toBeLessThan(60 * megabyte.length)
    }
    expect(await blobsIn()).toEqual([])
    expect((await server.client.documents.list({ projectId: server.projectId })).total).toBe(0)
  })

  it('and the typed client gets to read why', async () => {
    await open({ maxFileSize: megabyte.length })
    const big = new File([megabyte, megabyte, megabyte, megabyte, megabyte], 'groß.txt')
    for (const client of [server.client, server.socketClient])
      await expect(client.documents.upload({ projectId: server.projectId, files: [big] })).rejects.toMatchObject({
        code: 'too-large',
        status: 413,
        values: { limit: megabyte.length },
      })
  })
})

describe('many files at once', () => {
  it('fare each on its own', async () => {
    await open()
    const { projectId, client } = server
    const files = [
      new File(['eins'], 'a.txt'),
      new File([], 'leer.txt'),
      new File(['%PDF-1.7'], 'b.txt'),
      new File(['zwei'], '../../etc/ordner/c.txt'),
      new File(['eins'], 'd.txt'),
    ]
    const { results } = await client.documents.upload({ projectId, files })
    expect(results.map(({ added, problem }) => problem?.code ?? added)).toEqual([
      true,
      'empty-file',
      'type-mismatch',
      true,
      false,
    ])
    expect(results[3].document).toMatchObject({ name: 'c.txt', path: 'etc/ordner/c.txt' })
    expect(results[4].document?.id).toBe(results[0].document?.id)
  })

  it('stop at what a user may keep', async () => {
    await open({ maxFiles: 2 })
    const { projectId, client } = server
    const files = ['a', 'b', 'c'].map(name => new File([name], `${name}.txt`))
    const { results } = await client.documents.upload({ projectId, files })
    expect(results.map(({ problem }) => problem?.code)).toEqual([undefined, undefined, 'too-many-files'])
    expect(results[2].problem?.values).toEqual({ limit: 2 })
    const again = await client.documents.upload({ projectId, files: [new File(['a'], 'd.txt')] })
    expect(again.results).toMatchObject([{ added: false, problem: null, document: { name: 'a.txt' } }])
    const text = client.documents.addText({ projectId, name: 'e', text: 'e', format: 'plain' })
    await expect(text).rejects.toMatchObject({ code: 'too-many-files' })
    await until(async () => (await blobsIn()).length === 2, 'what was refused is gone')
  })

  it('stop at it also when all come at once', async () => {
    await open({ maxFiles: 5 })
    const { projectId, client } = server
    const uploads = Array.from({ length: 20 }, (_, at) =>
      client.documents.upload({ projectId, files: [new File([`${at}`], `${at}.txt`)] }).then(
        () => 'added',
        (error: AppError) => error.code,
      ),
    )
    const ends = await Promise.all(uploads)
    expect(ends.filter(end => end === 'added')).toHaveLength(5)
    expect(ends.filter(end => end === 'too-many-files')).toHaveLength(15)
    expect((await client.documents.list({ projectId })).total).toBe(5)
  })

  it('are each answered for, also those that are too many for one request', async () => {
    await open()
    // Of one kind that nobody reads, so that nothing is stored a thousand times.
    const parts = Array.from({ length: 1003 }, (_, at) => `${opening(`${at}.mp4`)}x\r\n`)
    const text = `${parts.join('')}--${boundary}--\r\n`
    const { status, body } = await send([text], { length: text.length })
    const results = body.results as { file: string; problem: { code: string } }[]
    expect([status, body.complete, results.length]).toEqual([415, true, 1003])
    expect(results.slice(999).map(({ file, problem }) => [file, problem.code])).toEqual([
      ['999.mp4', 'unsupported-type'],
      ['1000.mp4', 'too-many-at-once'],
      ['1001.mp4', 'too-many-at-once'],
      ['1002.mp4', 'too-many-at-once'],
    ])
  })

  it('keep names that are whole and harmless', async () => {
    await open()
    const { projectId, client } = server
    const names = [
      'a\u202efdp.txt',
      'zwei\nzeilen.txt',
      'a\\b.txt',
      `${'ä'.repeat(255)}.txt`,
      `${'o😀/'.repeat(400)}n.txt`,
    ]
    const kept: { name: string; path: string }[] = []
    for (const [at, given] of names.entries()) {
      const name = encodeURIComponent(given)
      const head = `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename*=UTF-8''${name}\r\n\r\n`
      const { body } = await send([`${head}${at}${closing}`])
      kept.push((body.results as { document: { name: string; path: string } }[])[0].document)
    }
    expect(kept.slice(0, 3).map(({ name }) => name)).toEqual(['afdp.txt', 'zweizeilen.txt', 'a\\b.txt'])
    expect(Buffer.byteLength(kept[3].name)).toBe(254)
    expect(kept[4].path).toMatch(/^(o😀\/)+n\.txt$/)
    const windows = await send([`${opening('C:\\Akten\\c.txt')}c${closing}`])
    expect(windows.body.results).toMatchObject([{ document: { name: 'c.txt', path: 'Akten/c.txt' } }])
    for (const name of ['', '..', ' . ', '\u0000\u0007', '\u202e'])
      await expect(client.documents.addText({ projectId, name, text: 'x', format: 'plain' })).rejects.toMatchObject({
        code: 'name-invalid',
      })
    await expect(client.projects.create({ name: 'a\ud800' })).rejects.toMatchObject({ code: 'name-invalid' })
    await expect(client.projects.create({ name: 'a'.repeat(250) })).rejects.toMatchObject({ code: 'name-invalid' })
    const long = 'Wort '.repeat(2400)
    await expect(client.search({ projectId, query: long })).rejects.toMatchObject({ code: 'question-too-long' })
    await expect(client.answers.ask({ projectId, question: long })).rejects.toMatchObject({ code: 'question-too-long' })
  })
})

describe('what is no upload', () => {
  it.each([
    ['no file', `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1${closing}`, 400, 'file-absent'],
    ['nothing', '', 400, 'body-malformed'],
    ['half a file', `${opening('a.txt')}Halb`, 400, 'body-malformed'],
    ['no form', 'Hallo', 400, 'body-malformed'],
  ])('%s is refused', async (_name, text, status, code) => {
    await open()
    const answer = await send([text], { length: Buffer.byteLength(text) })
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect((await server.client.documents.list({ projectId: server.projectId })).total).toBe(0)
  })

  it('another type, no boundary, no project', async () => {
    await open()
    const target = `/api/v1/projects/${server.projectId}/documents`
    const codeOf = async (init: RequestInit, to = target) =>
      ((await (await server.fetch(to, { method: 'POST', ...init })).json()) as { code: string }).code
    expect(await codeOf({ body: '{}', headers: { 'content-type': 'application/json' } })).toBe('media-type')
    expect(await codeOf({ body: 'x', headers: { 'content-type': 'multipart/form-data' } })).toBe('body-malformed')
    const nowhere = target.replace(server.projectId, '019a0000-0000-7000-8000-000000000000')
    const form = new FormData()
    form.append('files', new File(['a'], 'a.txt'))
    expect(await codeOf({ body: form }, nowhere)).toBe('project-not-found')
  })

  it('a client that goes away in the middle leaves nothing behind', async () => {
    await open({ maxFileSize: 2 ** 31 })
    const { port } = server.http.address() as AddressInfo
    const out = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: `/api/v1/projects/${server.projectId}/documents`,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'content-length': lengthOf('a.txt', 50),
      },
    })
    out.on('error', () => {})
    out.write(opening('a.txt'))
    for (let count = 0; count < 5; count++) out.write(megabyte)
    await until(async () => (await blobsIn()).length > 0, 'the bytes arrive')
    out.destroy()
    await until(async () => (await blobsIn()).length === 0, 'they are gone')
    expect((await server.client.documents.list({ projectId: server.projectId })).total).toBe(0)
  })
})

describe('paths with slashes too many', () => {
  it('are none of ours', async () => {
    await open()
    const target = `/api/v1/projects/${server.projectId}/documents`
    const codeOf = async (path: string, method: string) =>
      ((await (await server.fetch(path, { method })).json()) as { code: string }).code
    expect(await codeOf(`${target}///`, 'POST')).toBe('route-not-found')
    expect(await codeOf(`${target}/${server.projectId}/original//`, 'GET')).toBe('route-not-found')
    expect(await codeOf(`${target}/${server.projectId}/original/`, 'GET')).toBe('document-not-found')
  })
})

describe('the original', () => {
  it('comes whole, in ranges, and not again when it is known', async () => {
    await open()
    const bytes = Buffer.from(randomBytes(3000).toString('base64'))
    const { projectId, client } = server
    const { results } = await client.documents.upload({ projectId, files: [new File([bytes], 'Ärger "x".txt')] })
    const target = `/api/v1/projects/${projectId}/documents/${results[0].document!.id}/original`
    const whole = await server.fetch(target)
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
    expect(whole.headers.get('content-disposition')).toMatch(/^attachment; .*filename\*=UTF-8''%C3%84rger/)
    expect(whole.headers.get('content-security-policy')).toContain('sandbox')
    const tag = whole.headers.get('etag')!
    expect(tag).toBe(`"${createHash('sha256').update(bytes).digest('hex')}"`)
    const part = await server.fetch(target, { headers: { range: 'bytes=100-199' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${bytes.length}`])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true)
    expect((await server.fetch(target, { headers: { range: 'bytes=99999-' } })).status).toBe(416)
    // `fetch` asks for a fresh one by itself where it is told of a tag.
    const status = await new Promise(resolve => {
      const headers = { authorization: `Bearer ${token}`, 'if-none-match': tag }
      request(server.url + target, { headers }, answer => resolve(answer.resume().statusCode)).end()
    })
    expect(status).toBe(304)
  })
})

describe('a model', () => {
  it('is taken in as it comes, and refused where the shelf refuses it', async () => {
    const seen: [string, number][] = []
    await open({
      models: {
        async add(name, bytes) {
          let size = 0
          for await (const chunk of bytes) size += chunk.length
          seen.push([name, size])
          if (name === 'bad.gguf') throw new AppError('model-invalid', { name, detail: 'x' })
          return {
            name,
            size,
            role: 'chat',
            parameters: 1,
            contextSize: 1,
            inUse: true,
            source: 'folder',
            problem: null,
          }
        },
      },
    })
    const { client } = server
    expect(await client.models.add({ file: new File([megabyte], 'tiny.gguf') })).toMatchObject({ name: 'tiny.gguf' })
    await expect(client.models.add({ file: new File(['x'], 'bad.gguf') })).rejects.toMatchObject({
      code: 'model-invalid',
    })
    expect(seen).toEqual([
      ['tiny.gguf', megabyte.length],
      ['bad.gguf', 1],
    ])
    const two = await send([`${opening('eins.gguf')}x\r\n`, `${opening('zwei.gguf')}y${closing}`], {
      target: '/api/v1/models',
    })
    expect([two.status, two.body.code]).toEqual([413, 'too-many-at-once'])
    expect(seen).toHaveLength(2)
    await expect(client.models.remove({ name: 'none' })).rejects.toMatchObject({ code: 'model-not-found' })
  })
})
