import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AppError } from '../errors.ts'
import { of } from './contract.ts'
import { bucket, keys, type S3Server, startS3Server, startWire, type Wire } from './fixture-s3.ts'
import { createS3Blobs, type S3Settings } from './s3.ts'
import { createRequests } from './s3-requests.ts'

/** Short, so that what never answers is over soon. */
const times = { answer: 1500, transfer: 5000, silence: 600 }
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const small = new TextEncoder().encode('a few bytes')
/** Just more than goes over in one request. */
const inParts = 11_000_000
const quarterHour = 15 * 60 * 1000

describe('blobs in a store that fails', () => {
  let server: S3Server
  let wire: Wire
  let folder: string
  let prefix: string
  const opened: { close(): void }[] = []

  beforeAll(async () => {
    server = await startS3Server()
  })
  afterAll(() => server.close())
  beforeEach(async () => {
    wire = await startWire(server.port)
    folder = await mkdtemp(join(tmpdir(), 's3-faults-'))
    prefix = randomUUID()
  })
  afterEach(async () => {
    for (const { close } of opened.splice(0)) close()
    await wire.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** A replica with a cache of its own. */
  async function open(name = 'cache', more: Partial<S3Settings> = {}) {
    const blobs = await createS3Blobs(
      {
        endpoint: wire.endpoint,
        region: 'us-east-1',
        bucket,
        prefix,
        ...keys,
        pathStyle: true,
        cacheFolder: join(folder, name),
        cacheBytes: 1024 ** 3,
        ...more,
      },
      times,
    )
    opened.push(blobs)
    return blobs
  }
  const objectFile = (hash: string) => server.objectFile(`${prefix}/${hash.slice(0, 2)}/${hash.slice(2)}`)
  const cached = async (name = 'cache') => {
    const found = await readdir(join(folder, name), { recursive: true, withFileTypes: true })
    return found.filter(entry => entry.isFile()).length
  }
  const count = (start: string) => wire.requests.filter(({ line }) => line.startsWith(start)).length

  it('signs the hash of the bytes with the request that carries them', async () => {
    const { hash } = await (await open()).put(of(small))
    const sent = wire.requests.find(({ line }) => line.startsWith('PUT'))
    expect(sent?.headers).toMatchObject({ 'x-amz-content-sha256': hash, 'content-length': String(small.length) })
    expect(sent?.headers.authorization).toMatch(/SignedHeaders=[^,]*x-amz-content-sha256/)
  })

  it('sends what is there already no second time, unless it is not what it should be', async () => {
    const blobs = await open()
    const bytes = randomBytes(300_000)
    const { hash } = await blobs.put(of(bytes))
    await truncate(objectFile(hash), 100)
    await (await open('other')).put(of(bytes))
    expect(sha256(await readFile(objectFile(hash)))).toBe(hash)
  })

  it('goes on where a download was cut, and after answers that are none', async () => {
    const bytes = randomBytes(4_000_000)
    const { hash } = await (await open()).put(of(bytes))
    const other = await open('other')
    wire.fail('HEAD', 2, { status: 503 })
    const known = await other.file('0'.repeat(64))
    expect(known).toBeUndefined()
    // A megabyte and a half with each connection.
    wire.fail('GET', 5, { cutAnswer: 1_500_000 })
    expect(sha256(await readFile((await other.file(hash)) as string))).toBe(hash)
    // What was on its way when a connection ended is asked for again, and no more than that.
    const from = wire.requests.flatMap(({ headers: { range } }) => (range ? Number(range.replace(/\D/g, '')) : []))
    expect(from.length).toBeGreaterThanOrEqual(2)
    for (const [index, at] of from.entries()) expect(at).toBeGreaterThan(from[index - 1] ?? 0)
  })

  it('goes on when the bytes stop coming', async () => {
    const bytes = randomBytes(3_000_000)
    const { hash } = await (await open()).put(of(bytes))
    const other = await open('other')
    wire.fail('GET', 2, { stall: 1_000_000 })
    expect(sha256(await readFile((await other.file(hash)) as string))).toBe(hash)
  })

  it('sends again what was cut on its way, whole and in parts', async () => {
    const blobs = await open()
    for (const bytes of [randomBytes(2_000_000), randomBytes(inParts)]) {
      wire.fail('PUT', 2, { cutRequest: 200_000 })
      const { hash } = await blobs.put(of(bytes))
      expect(sha256(await readFile(objectFile(hash)))).toBe(hash)
      expect(sha256(await readFile((await (await open(hash)).file(hash)) as string))).toBe(hash)
    }
  })

  it('sends once more what a store says arrived otherwise than it was signed', async () => {
    const body = '<?xml version="1.0"?><Error><Code>XAmzContentSHA256Mismatch</Code></Error>'
    const blobs = await open()
    for (const bytes of [randomBytes(200_000), randomBytes(inParts)]) {
      wire.fail('PUT', 1, { status: 400, body })
      const { hash } = await blobs.put(of(bytes))
      expect(sha256(await readFile(objectFile(hash)))).toBe(hash)
    }
    wire.fail('PUT', 9, { status: 400, body })
    await expect(blobs.put(of(randomBytes(1000)))).rejects.toMatchObject({
      code: 'blob-store-unreachable',
      values: { detail: 'XAmzContentSHA256Mismatch' },
    })
  })

  it('hands out nothing of an upload that failed, and takes it when it is sent again', async () => {
    const blobs = await open()
    const bytes = randomBytes(inParts)
    const hash = sha256(bytes)
    wire.fail('PUT', 1000, { cutRequest: 300_000 })
    await expect(blobs.put(of(bytes))).rejects.toMatchObject({ code: 'blob-store-unreachable' })
    wire.fail('PUT', 0, { status: 500 })
    expect(await blobs.file(hash)).toBeUndefined()
    await expect.poll(() => count('DELETE')).toBeGreaterThan(0)
    await blobs.put(of(bytes))
    expect(sha256(await readFile((await (await open('other')).file(hash)) as string))).toBe(hash)
  })

  it('hands out no wrong byte: once spoilt on the way, it is fetched again', async () => {
    const bytes = randomBytes(1_000_000)
    const { hash } = await (await open()).put(of(bytes))
    const other = await open('other')
    wire.fail('GET', 1, { spoil: 500_000 })
    expect(sha256(await readFile((await other.file(hash)) as string))).toBe(hash)
    expect(count(`GET /files/${prefix}/`)).toBe(2)
  })

  it('refuses an object that was changed, shortened or made longer, until the file is added again', async () => {
    for (const change of ['changed', 'shorter', 'longer']) {
      const bytes = randomBytes(200_000)
      const { hash } = await (await open()).put(of(bytes))
      const spoilt = Buffer.from(bytes)
      spoilt[1000] = (spoilt[1000] ?? 0) ^ 1
      const file = objectFile(hash)
      await writeFile(file, change === 'changed' ? spoilt : Buffer.concat([spoilt, small]))
      if (change === 'shorter') await truncate(file, 1000)
      const other = await open(`other ${change}`)
      await expect(other.file(hash)).rejects.toMatchObject({ code: 'blob-damaged' })
      expect(await cached(`other ${change}`)).toBe(0)
      await other.put(of(bytes))
      expect(sha256(await readFile((await (await open(`third ${change}`)).file(hash)) as string))).toBe(hash)
    }
  })

  it('fetches once for all who ask at the same time', async () => {
    const bytes = randomBytes(1_000_000)
    const { hash } = await (await open()).put(of(bytes))
    const other = await open('other')
    wire.delay(20)
    const files = await Promise.all(Array.from({ length: 10 }, () => other.file(hash)))
    expect(new Set(files).size).toBe(1)
    expect(count(`GET /files/${prefix}/`)).toBe(1)
  })

  it('knows at once what another replica removed, also while it is fetched', async () => {
    const blobs = await open()
    const other = await open('other')
    const { hash } = await blobs.put(of(small))
    expect(await other.file(hash)).toBeDefined()
    await blobs.remove(hash)
    expect(await other.file(hash)).toBeUndefined()
    expect([await cached(), await cached('other')]).toEqual([0, 0])

    const large = await blobs.put(of(randomBytes(3_000_000)))
    const third = await open('third')
    wire.fail('GET', 1, { stall: 1_000_000 })
    const fetching = third.file(large.hash)
    await expect.poll(() => readdir(join(folder, 'third', 'tmp')).then(found => found.length)).toBe(1)
    await third.remove(large.hash)
    expect(await fetching).toBeUndefined()
    expect(await cached('third')).toBe(0)
  })

  it('is cancelled while it sends', async () => {
    const blobs = await open()
    const bytes = randomBytes(12_000_000)
    const control = new AbortController()
    wire.delay(100)
    const putting = blobs.put(of(bytes), { signal: control.signal })
    await expect.poll(() => count('PUT')).toBeGreaterThan(0)
    control.abort()
    await expect(putting).rejects.toMatchObject({ code: 'cancelled' })
    wire.delay(0)
    expect(await blobs.file(sha256(bytes))).toBeUndefined()
    await expect.poll(() => count('DELETE')).toBeGreaterThan(0)
  })

  it('says that the store does not answer, answers with errors, or hangs', async () => {
    const blobs = await open()
    const { hash } = await blobs.put(of(small))
    const unreachable = { code: 'blob-store-unreachable' }
    wire.fail('*', 1000, { status: 500 })
    await expect(blobs.file(hash)).rejects.toMatchObject({ ...unreachable, values: { detail: 'HTTP 500' } })
    wire.fail('*', 0, { status: 500 })
    wire.delay(5000)
    await expect(blobs.put(of(small))).rejects.toMatchObject(unreachable)
    wire.delay(0)
    const { endpoint } = wire
    await wire.close()
    await expect(blobs.file(hash)).rejects.toMatchObject({ ...unreachable, values: { detail: 'ECONNREFUSED' } })
    await expect(blobs.remove(hash)).rejects.toMatchObject(unreachable)
    await expect(blobs.list()[Symbol.asyncIterator]().next()).rejects.toMatchObject(unreachable)
    await expect(open('new', { endpoint })).rejects.toMatchObject(unreachable)
    wire = await startWire(server.port)
  })

  it('says that the bucket is missing, also when it went away', async () => {
    await expect(open('a', { bucket: 'nowhere' })).rejects.toMatchObject({
      code: 'blob-store-missing',
      values: { bucket: 'nowhere' },
    })
    const blobs = await open()
    wire.fail('HEAD', 2, { status: 404 })
    await expect(blobs.file('0'.repeat(64))).rejects.toMatchObject({ code: 'blob-store-missing' })
  })

  it('says that it is refused, and tells nobody the keys', async () => {
    const secretAccessKey = 'a-very-secret-key'
    const tellsNothing = (error: Error) => {
      expect(error).toMatchObject({ code: 'blob-store-refused' })
      const all = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`
      expect(all).not.toMatch(/a-very-secret-key|NOT-KNOWN-HERE|Signature=|AWS4-HMAC/)
      return String((error as AppError).values.detail)
    }
    const refused = (more: Partial<S3Settings>): Promise<Error> =>
      open('a', more).then(
        () => expect.fail('it was let in'),
        thrown => thrown,
      )
    expect(tellsNothing(await refused({ accessKeyId: 'NOT-KNOWN-HERE', secretAccessKey }))).toBe('InvalidAccessKeyId')
    // What a store that checks signatures says.
    const body = `<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>It does not.</Message>
      <AWSAccessKeyId>NOT-KNOWN-HERE</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256 x</StringToSign></Error>`
    wire.fail('GET', 1, { status: 403, body })
    expect(tellsNothing(await refused({ secretAccessKey }))).toBe('SignatureDoesNotMatch')
    await expect(open('a', { endpoint: 'http://name:password@localhost:1' })).rejects.toMatchObject({
      code: 'blob-store-refused',
      values: { detail: 'endpoint' },
    })
    await expect(open('a', { endpoint: 'not an address' })).rejects.toMatchObject({ code: 'blob-store-refused' })
    const blobs = await open()
    wire.fail('HEAD', 1, { status: 403 })
    await expect(blobs.put(of(small))).rejects.toMatchObject({ values: { detail: 'HTTP 403' } })
    wire.fail('PUT', 9, { status: 507 })
    await expect(blobs.put(of(small))).rejects.toMatchObject({ code: 'blob-store-full' })
  })

  it('lists all pages, and nothing of others', async () => {
    const blobs = await open()
    const hashes = []
    for (let at = 0; at < 25; at++) hashes.push((await blobs.put(of(Buffer.from([at])))).hash)
    const neighbour = await open('neighbour', { prefix: `${prefix}-other` })
    await neighbour.put(of(small))
    const place = { endpoint: wire.endpoint, region: 'us-east-1', bucket, prefix, ...keys, pathStyle: true }
    const requests = createRequests(place)
    const found = []
    for await (const { hash } of requests.list(10)) found.push(hash)
    expect(found).toEqual(hashes.sort())
    requests.close()
  })

  it('keeps its copies within bounds, the oldest go first, and none that was just handed out', async () => {
    const cacheBytes = 1_000_000
    const blobs = await open('cache', { cacheBytes })
    const hashes = []
    for (let at = 0; at < 30; at++) hashes.push((await blobs.put(of(randomBytes(100_000)))).hash)
    expect(await cached()).toBeLessThanOrEqual(11)

    // Handed out: they stay, whatever comes.
    const files = []
    for (const hash of hashes.slice(0, 15)) files.push((await blobs.file(hash)) as string)
    for (const file of files) expect((await stat(file)).size).toBe(100_000)
    for (let at = 0; at < 10; at++) await blobs.put(of(randomBytes(100_000)))
    for (const [at, file] of files.entries()) expect(sha256(await readFile(file))).toBe(hashes[at])

    // A new start knows by the time of a file; a quarter of an hour later they go, oldest first.
    for (const [at, file] of files.entries()) {
      const used = new Date(Date.now() - quarterHour - (100 - at) * 1000)
      await utimes(file, used, used)
    }
    const again = await open('cache', { cacheBytes })
    expect(await cached()).toBeLessThanOrEqual(10)
    await expect(stat(files[0] as string)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(sha256(await readFile((await again.file(hashes[0] as string)) as string))).toBe(hashes[0])
  })

  it('keeps no copy that nobody asked for within a day: what was purged elsewhere', async () => {
    const blobs = await open()
    const { hash } = await blobs.put(of(small))
    const file = (await blobs.file(hash)) as string
    const day = new Date(Date.now() - 25 * 60 * 60 * 1000)
    await utimes(file, day, day)
    await open()
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('fetches a copy again that was cut behind its back', async () => {
    const blobs = await open()
    const { hash } = await blobs.put(of(small))
    const file = (await blobs.file(hash)) as string
    await rm(file)
    await writeFile(file, 'a few')
    expect(await readFile((await blobs.file(hash)) as string)).toEqual(Buffer.from(small))
  })
})
