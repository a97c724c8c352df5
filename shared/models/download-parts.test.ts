/** The parts of a download, each by itself; `download.test.ts` has them together. */
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { modelBytes } from '../../tests/downloads.ts'
import { sha256 } from '../../tests/model-server.ts'
import { isEncoded, linkedOf, rangeOf, refusal, retryAfter, strongTag, totalOf } from './download-answer.ts'
import { type Owner, takeLock } from './download-lock.ts'
import { openPart } from './download-part.ts'
import { createRate } from './download-rate.ts'
import { isAtHub, nameAt, sourcesOf } from './download-source.ts'
import { isPlainModelName } from './file-name.ts'
import { checkBeginning } from './gguf/check-beginning.ts'
import { createPins } from './pins.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-parts-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('an answer', () => {
  it.each([
    ['bytes 5-9/10', { start: 5, end: 9, total: 10 }],
    ['bytes 5-9/*', { start: 5, end: 9, total: null }],
    ['bytes 9-5/10', undefined],
    ['bytes 5-10/10', undefined],
    ['bytes */10', undefined],
    ['5-9/10', undefined],
    [null, undefined],
  ])('says in %s where its bytes lie', (header, range) => expect(rangeOf(header)).toEqual(range))

  it('has a tag that says the same bytes, or only the same meaning', () => {
    expect(['"a"', ' "a" ', '""'].map(strongTag)).toEqual(['"a"', '"a"', '""'])
    expect(['W/"a"', 'a', '"a', '', null].map(strongTag)).toEqual([null, null, null, null, null])
  })

  it('says as a hub what the file is', () => {
    const sum = 'a'.repeat(64)
    const said = (headers: Record<string, string>) => linkedOf(new Headers(headers))
    expect(said({ 'x-linked-etag': `"${sum}"`, 'x-linked-size': '12' })).toEqual({ sha256: sum, size: 12 })
    expect(said({ 'x-linked-etag': sum.toUpperCase() })).toEqual({ sha256: sum, size: null })
    // Of a file kept in the repository: the hash of a Git object, which is no SHA-256.
    expect(said({ 'x-linked-etag': `"${'a'.repeat(40)}"`, 'x-linked-size': '12' })).toBeUndefined()
    expect(said({ etag: `"${sum}"` })).toBeUndefined()
  })

  it('says when to come again, and whether that is worth it', () => {
    const at = (text: string) => retryAfter(new Headers({ 'retry-after': text }), Date.parse('2026-01-01T00:00:00Z'))
    expect(at('3')).toBe(3000)
    expect(at('Thu, 01 Jan 2026 00:00:05 GMT')).toBe(5000)
    expect(at('Thu, 01 Jan 2020 00:00:05 GMT')).toBe(0)
    expect(at('soon')).toBe(0)
    expect([429, 500, 503, 408].map(status => refusal(status, 'x').passing)).toEqual([true, true, true, true])
    expect([400, 401, 403, 404, 451].map(status => refusal(status, 'x').passing)).not.toContain(true)
    expect(totalOf('bytes */10')).toBe(10)
    expect(
      ['gzip', 'br', 'identity', ''].map(coding => isEncoded(new Headers({ 'content-encoding': coding }))),
    ).toEqual([true, true, false, false])
  })
})

describe('sources', () => {
  const hub = 'https://huggingface.co'
  it('are the hub and its mirrors in their order, and any other address as it is', () => {
    const mirrors = ['https://mirror.example.org/hf/', 'http://10.0.0.5']
    expect(sourcesOf([`${hub}/o/r/blob/main/x.gguf?download=true#top`], 'content', { hub, mirrors })).toEqual([
      { url: `${hub}/o/r/resolve/main/x.gguf`, trust: 'content' },
      { url: 'https://mirror.example.org/hf/o/r/resolve/main/x.gguf', trust: 'operator' },
      { url: 'http://10.0.0.5/o/r/resolve/main/x.gguf', trust: 'operator' },
    ])
    const own = 'https://models.example.org/'
    expect(sourcesOf([`${hub}/o/r/resolve/main/x.gguf`], 'content', { hub: own, mirrors: [] })).toEqual([
      { url: 'https://models.example.org/o/r/resolve/main/x.gguf', trust: 'operator' },
    ])
    expect(sourcesOf(['http://example.org/x.gguf?key=1'], 'content', { hub, mirrors })).toEqual([
      { url: 'http://example.org/x.gguf?key=1', trust: 'content' },
    ])
    // Only begins like it.
    expect(sourcesOf([`${hub}.example.org/x.gguf`], 'content', { hub, mirrors })).toHaveLength(1)
  })

  it('are asked as hubs where they look like one', () => {
    expect(isAtHub(`${hub}/o/r/resolve/main/x.gguf`)).toBe(true)
    expect(isAtHub('https://example.org/hf/o/r/resolve/main/deep/x.gguf')).toBe(true)
    expect(isAtHub('https://example.org/files/x.gguf')).toBe(false)
  })

  it('give names that are one file on every system', () => {
    expect(nameAt('https://example.org/a/Modell%20gro%C3%9F.GGUF?x=1')).toBe('Modell groß.GGUF')
    expect(isPlainModelName(`${'ä'.repeat(121)}.gguf`)).toBe(true)
    for (const name of [
      'a.bin',
      `${'ä'.repeat(122)}.gguf`,
      'a/b.gguf',
      'a\\b.gguf',
      'a:b.gguf',
      'NUL.gguf',
      'com1.x.gguf',
    ])
      expect([name, isPlainModelName(name)]).toEqual([name, false])
  })
})

describe('the bytes that are there', () => {
  it('are durable up to what was said, and hashed over the end of a process', async () => {
    const file = path.join(folder, 'a.part')
    const bytes = modelBytes(9_000_000, 1)
    const saved: number[] = []
    const part = await openPart(file, { durable: 0, saved: async durable => void saved.push(durable) })
    for (let at = 0; at < 6_000_000; at += 50_000) {
      await part.write(bytes.subarray(at, at + 50_000))
      // Never more than 2 MiB are not durable, with what one write brings.
      expect(part.length - (saved.at(-1) ?? 0)).toBeLessThanOrEqual(2 * 1024 * 1024 + 50_000)
    }
    // Not closed: as if killed. What was not said to be durable does not count.
    const next = await openPart(file, { durable: 3_000_000, saved: async () => {} })
    expect(next.length).toBe(3_000_000)
    await next.write(bytes.subarray(3_000_000))
    expect(next.sha256()).toBe(sha256(bytes))
    await next.close()
    expect(sha256(await readFile(file))).toBe(sha256(bytes))
    expect([...saved].sort((a, b) => a - b)).toEqual(saved)
  })

  it('say what went wrong with the disk at the next call', async () => {
    const part = await openPart(path.join(folder, 'a.part'), {
      durable: 0,
      saved: () => Promise.reject(new Error('the disk')),
    })
    await part.write(Buffer.alloc(2_000_000))
    await expect(part.sync()).rejects.toThrow('the disk')
    await expect(part.write(Buffer.alloc(1))).rejects.toThrow('the disk')
    await part.close()
  })
})

describe('the lock of a download', () => {
  const owner = (pid: number, host = 'here'): Owner => ({ host, pid, instance: `${host} ${pid}` })
  const alive = (other: Owner) => other.pid < 1000
  const lost = () => new Error('lost')
  const take = (pid: number, host?: string) =>
    takeLock(path.join(folder, 'lock'), { owner: owner(pid, host), mayLive: alive }, lost)

  it('is had by one, and by another when that one is gone', async () => {
    const first = await take(1)
    expect(first).toBeDefined()
    expect(await take(2)).toBeUndefined()
    await first?.check()
    await first?.release()
    expect(await readdir(folder)).toEqual([])
    expect(await take(5000)).toBeDefined()
    // 5000 does not live.
    expect(await take(2)).toBeDefined()
  })

  it('of a process that is gone is taken by one of many', async () => {
    await (await take(5000))?.check()
    const all = await Promise.all(Array.from({ length: 20 }, (_, at) => take(at + 1)))
    const holders = await Promise.all(
      all.map(lock =>
        lock?.check().then(
          () => true,
          () => false,
        ),
      ),
    )
    expect(holders.filter(Boolean)).toHaveLength(1)
  })

  it('of a process that had our number before us, or that left half a line, is nobody’s', async () => {
    await writeFile(path.join(folder, 'lock'), JSON.stringify({ host: 'here', pid: 1, instance: 'long ago' }))
    expect(await take(1)).toBeDefined()
    await writeFile(path.join(folder, 'lock'), '{"host":')
    expect(await take(2)).toBeUndefined()
    await utimes(path.join(folder, 'lock'), new Date(0), new Date(0))
    expect(await take(2)).toBeDefined()
  })

  it('of another machine counts for as long as it is touched', async () => {
    const far = await take(5000, 'elsewhere')
    expect(await take(1)).toBeUndefined()
    await utimes(path.join(folder, 'lock'), new Date(0), new Date(0))
    expect(await take(1)).toBeDefined()
    await expect(far?.check()).rejects.toThrow('lost')
    // It does not take away what is another's now.
    await far?.release()
    expect(await readdir(folder)).toEqual(['lock'])
  })
})

describe('the rate', () => {
  it('is smooth, follows a change within some seconds, and forgets a pause', () => {
    let now = 0
    const rate = createRate(() => now)
    const run = (seconds: number, perSecond: number) => {
      for (let at = 0; at < seconds * 10; at++) {
        now += 100
        rate.add(perSecond / 10)
      }
    }
    expect(rate.now()).toBeNull()
    run(5, 1_000_000)
    expect(rate.now()).toBeGreaterThan(900_000)
    expect(rate.now()).toBeLessThan(1_200_000)
    run(1, 5_000_000)
    expect(rate.now()).toBeLessThan(2_500_000)
    run(20, 5_000_000)
    expect(rate.now()).toBeGreaterThan(4_000_000)
    // Nothing comes: it falls.
    now += 20_000
    expect(rate.now()).toBeLessThan(1_500_000)
    rate.stop()
    expect(rate.now()).toBeNull()
  })
})

it('pins hold by address, the last one counts, and a line cut short spoils no other', async () => {
  const file = path.join(folder, 'pinned.sha256')
  const pins = createPins(file)
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
  expect(await pins.get('https://x/1')).toBeUndefined()
  await Promise.all([pins.learn('https://x/1', a), pins.learn('https://x/2', b)])
  await writeFile(file, `${await readFile(file, 'utf8')}${b}  https://x/`)
  await pins.learn('https://x/1', b)
  await pins.learn('https://x/1', b)
  expect([await pins.get('https://x/1'), await pins.get('https://x/2'), await pins.origin(a)]).toEqual([
    b,
    b,
    'https://x/1',
  ])
  expect((await readFile(file, 'utf8')).match(/https:\/\/x\/1/g)).toHaveLength(2)
})

it('the beginning of a model is told from that of anything else as soon as it is there', async () => {
  const bytes = modelBytes(300_000, 1)
  const file = path.join(folder, 'x.part')
  const begins = async (part: Buffer, size = bytes.length) => {
    await writeFile(file, part)
    return checkBeginning(file, 'x.gguf', size)
  }
  expect(await begins(bytes.subarray(0, 4))).toBe(false)
  expect(await begins(bytes.subarray(0, 1000))).toBe(false)
  expect(await begins(bytes)).toBe(true)
  await expect(begins(Buffer.from('<htm'))).rejects.toMatchObject({ code: 'model-invalid', values: { name: 'x.gguf' } })
  // The weights do not fit into what the whole file is said to have.
  await expect(begins(bytes, 20_000)).rejects.toMatchObject({ values: { detail: 'truncated' } })
})
