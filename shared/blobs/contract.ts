/** What every store of blobs keeps. */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Blobs } from '../ports.ts'

export interface BlobsHarness {
  open(folder: string): Promise<Blobs>
  /** What lies there beside complete blobs: nothing, whenever no `put` is under way. */
  leftovers(folder: string): Promise<string[]>
}

export async function* of(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
const bytesOf = (text: string) => new TextEncoder().encode(text)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

export function blobsContract({ open, leftovers }: BlobsHarness): void {
  describe('blobs contract', () => {
    let folder: string
    let blobs: Blobs

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'blobs-'))
      blobs = await open(folder)
    })
    afterEach(async () => {
      await rm(folder, { recursive: true, force: true })
    })
    async function all(store = blobs): Promise<string[]> {
      const hashes = []
      for await (const { hash } of store.list()) hashes.push(hash)
      return hashes.sort()
    }
    async function nothingKept(): Promise<void> {
      expect(await all()).toEqual([])
      expect(await leftovers(folder)).toEqual([])
    }

    it('keeps bytes under their SHA-256', async () => {
      const put = await blobs.put(of(bytesOf('ab'), bytesOf(''), bytesOf('c')))
      expect(put).toEqual({ hash: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', size: 3 })
      const file = await blobs.file(put.hash)
      expect(await readFile(file as string, 'utf8')).toBe('abc')
      expect(await leftovers(folder)).toEqual([])
    })

    it('keeps an empty blob', async () => {
      const { hash, size } = await blobs.put(of())
      expect([hash, size]).toEqual(['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0])
      expect((await readFile((await blobs.file(hash)) as string)).length).toBe(0)
    })

    it('keeps tens of megabytes, also from views on a buffer that is used again', async () => {
      const whole = createHash('sha256')
      const buffer = new Uint8Array(100_000)
      async function* source() {
        for (let round = 0; round < 300; round++) {
          buffer.fill(round % 256)
          const part = buffer.subarray(round, 99_000)
          whole.update(part)
          yield part
        }
      }
      const { hash, size } = await blobs.put(source())
      expect(hash).toBe(whole.digest('hex'))
      expect(sha256(await readFile((await blobs.file(hash)) as string))).toBe(hash)
      expect(size).toBe(300 * 99_000 - (299 * 300) / 2)
    })

    it('stores the same once, also at the same time', async () => {
      const puts = await Promise.all(
        Array.from({ length: 12 }, (_, at) => blobs.put(of(bytesOf(at < 8 ? 'same' : `other ${at}`)))),
      )
      await blobs.put(of(bytesOf('same')))
      expect(new Set(puts.map(put => put.hash)).size).toBe(5)
      expect(await all()).toEqual([...new Set(puts.map(put => put.hash))].sort())
      expect(await readFile((await blobs.file(sha256(bytesOf('same')))) as string, 'utf8')).toBe('same')
      expect(await leftovers(folder)).toEqual([])
    })

    it('is there for whoever opens it next', async () => {
      const { hash } = await blobs.put(of(bytesOf('stays')))
      const again = await open(folder)
      expect(await again.file(hash)).toBeDefined()
      expect(await all(again)).toEqual([hash])
    })

    it('tells when each was stored', async () => {
      const before = Date.now() - 2000
      await blobs.put(of(bytesOf('now')))
      for await (const { storedAt } of blobs.list()) {
        expect(storedAt).toBeGreaterThan(before)
        expect(storedAt).toBeLessThan(Date.now() + 2000)
      }
    })

    it('counts a blob that is stored again as new', async () => {
      const { hash } = await blobs.put(of(bytesOf('twice')))
      const timeOf = async () => {
        for await (const each of blobs.list()) if (each.hash === hash) return each.storedAt
        return 0
      }
      const first = await timeOf()
      // Some stores tell whole seconds.
      await expect
        .poll(
          async () => {
            await blobs.put(of(bytesOf('twice')))
            return timeOf()
          },
          { timeout: 5000 },
        )
        .toBeGreaterThan(first)
    })

    it('shows nothing before it is complete', async () => {
      let goOn = () => {}
      const wait = new Promise<void>(resolve => {
        goOn = resolve
      })
      async function* slow() {
        yield bytesOf('half ')
        await wait
        yield bytesOf('whole')
      }
      const putting = blobs.put(slow())
      await expect.poll(() => leftovers(folder).then(found => found.length)).toBe(1)
      expect(await all()).toEqual([])
      goOn()
      await putting
      expect(await all()).toEqual([sha256(bytesOf('half whole'))])
    })

    it('refuses what is too large, and tells the source to stop', async () => {
      let stopped = false
      async function* endless() {
        try {
          for (;;) yield new Uint8Array(1000)
        } finally {
          stopped = true
        }
      }
      await expect(blobs.put(endless(), { limit: 10_500 })).rejects.toMatchObject({ code: 'too-large' })
      expect(stopped).toBe(true)
      await nothingKept()
      expect((await blobs.put(of(new Uint8Array(10)), { limit: 10 })).size).toBe(10)
    })

    it('keeps nothing of a source that fails, and passes its error on', async () => {
      async function* failing() {
        yield bytesOf('so far')
        throw Object.assign(new Error('the disk of the source'), { code: 'EIO' })
      }
      await expect(blobs.put(failing())).rejects.toMatchObject({ code: 'EIO' })
      await nothingKept()
    })

    it('refuses what is no bytes', async () => {
      async function* text() {
        yield 'text' as unknown as Uint8Array
      }
      await expect(blobs.put(text())).rejects.toThrow(TypeError)
      await nothingKept()
    })

    it('stops at once when cancelled: before, between, and while the source hangs', async () => {
      const cancelled = { code: 'cancelled' }
      await expect(blobs.put(of(bytesOf('a')), { signal: AbortSignal.abort() })).rejects.toMatchObject(cancelled)
      const between = new AbortController()
      async function* aborting() {
        yield bytesOf('a')
        between.abort()
        yield bytesOf('b')
      }
      await expect(blobs.put(aborting(), { signal: between.signal })).rejects.toMatchObject(cancelled)
      const hanging = new AbortController()
      async function* never() {
        yield bytesOf('a')
        await new Promise(() => {})
      }
      const putting = blobs.put(never(), { signal: hanging.signal })
      await expect.poll(() => leftovers(folder).then(found => found.length)).toBe(1)
      hanging.abort()
      await expect(putting).rejects.toMatchObject(cancelled)
      await nothingKept()
    })

    it('removes, also what is not there', async () => {
      const { hash } = await blobs.put(of(bytesOf('gone')))
      const other = await blobs.put(of(bytesOf('stays')))
      await blobs.remove(hash)
      await blobs.remove(hash)
      await blobs.remove('0'.repeat(64))
      expect(await blobs.file(hash)).toBeUndefined()
      expect(await all()).toEqual([other.hash])
    })

    it('knows no file that is not a blob, whatever the name', async () => {
      const { hash } = await blobs.put(of(bytesOf('x')))
      for (const name of [
        '',
        '..',
        `../${hash}`,
        hash.toUpperCase(),
        `${hash}0`,
        hash.slice(1),
        'tmp',
        `${hash.slice(0, 2)}/../../etc/passwd`,
        '\u0000',
      ]) {
        expect([name, await blobs.file(name)]).toEqual([name, undefined])
        await blobs.remove(name)
      }
      expect(await all()).toEqual([hash])
    })
  })
}
