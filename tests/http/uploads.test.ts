import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { until } from '../run-cli.ts'
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
      new File(['PK\x03\x04'], 'b.txt'),
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
    await expect(client.models.remove({ name: 'none' })).rejects.toMatchObject({ code: 'model-not-found' })
  })
})
