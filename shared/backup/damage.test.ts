import { copyFile, open, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqlite } from '../../tests/postgres.ts'
import { toAppError } from '../errors.ts'
import { openCheck } from './check.ts'
import { fill, openBench, sourceOf } from './fixture.ts'
import { sha256 } from './format.ts'
import { openBackup } from './restore.ts'
import { headerOf, readHeader } from './tar.ts'
import { writeBackup } from './write.ts'

let bench: Awaited<ReturnType<typeof openBench>>
let file: string
beforeEach(async () => {
  bench = await openBench()
  const library = await bench.library(sqlite)
  await fill(library)
  file = bench.file('one.cloister')
  await writeBackup(sourceOf(library), { file })
})
afterEach(() => bench.close())

/** What opening says: a code, or `sound`. */
async function tried(name: string): Promise<string> {
  try {
    await (await openBackup(name)).close()
    return 'sound'
  } catch (error) {
    return toAppError(error).code
  }
}

/** The same without a thread for each. */
function checked(name: string): string {
  const check = openCheck({ file: name, schema: 9999, light: false, folder: bench.folder })
  try {
    check.finish({ tolerant: false })
    return 'sound'
  } catch (error) {
    return toAppError(error).code
  } finally {
    check.close()
  }
}

test('any byte that is another one is found, wherever it stands', async () => {
  const bytes = await readFile(file)
  const handle = await open(file, 'r+')
  const unnoticed: number[] = []
  // Over all entries, closer at the beginning (header, first blob) and at the end (manifest, seal, end).
  const sample = new Set(Array.from({ length: Math.floor(bytes.length / 295) }, (_, at) => at * 295))
  for (let at = 0; at < 700; at += 5) sample.add(at)
  for (let at = bytes.length - 1600; at < bytes.length; at += 5) sample.add(at)
  for (const at of sample) {
    await handle.write(Buffer.of(bytes[at] ^ (1 << (at % 8))), 0, 1, at)
    if (checked(file) === 'sound') unnoticed.push(at)
    await handle.write(bytes, at, 1, at)
  }
  await handle.close()
  expect(sample.size).toBeGreaterThan(400)
  expect(unnoticed).toEqual([])
  expect(await tried(file)).toBe('sound')
}, 120_000)

test('what was cut off is found, wherever', async () => {
  const { size } = await stat(file)
  const cut = bench.file('cut.cloister')
  for (let part = 0; part < 50; part++) {
    await copyFile(file, cut)
    await truncate(cut, Math.floor((size * part) / 50))
    expect(checked(cut)).toMatch(/^backup-(?:format|damaged)$/)
  }
  for (const less of [1, 511, 512, 513, 1024]) {
    await copyFile(file, cut)
    await truncate(cut, size - less)
    expect(checked(cut)).toMatch(/^backup-(?:format|damaged)$/)
  }
  await writeFile(cut, Buffer.concat([await readFile(file), Buffer.alloc(512)]))
  expect(await tried(cut)).toBe('backup-damaged')
}, 120_000)

test('what is no backup, or a newer one, is told', async () => {
  const other = bench.file('other')
  await writeFile(other, 'PK\u0003\u0004'.padEnd(5000, 'x'))
  expect(await tried(other)).toBe('backup-format')
  await writeFile(other, '')
  expect(await tried(other)).toBe('backup-format')
  expect(await tried(bench.folder)).toBe('backup-unreadable')
  expect(await tried(bench.file('none'))).toBe('backup-unreadable')
  const head = Buffer.from(JSON.stringify({ format: 'cloister-backup', version: 3 }))
  await writeFile(other, archive([['cloister.json', head]]))
  expect(await tried(other)).toBe('backup-newer')
})

test('entries that no backup has are refused before anything is read', async () => {
  const head = (await entriesOf(file))[0]
  for (const name of ['../evil', '/etc/passwd', 'blobs/../../x', 'rows/../x.ndjson', 'rows/job.ndjson', 'blobs/ABC'])
    expect(await triedWith([head, [name, Buffer.from('x')]])).toBe('backup-damaged')
  // Twice the same.
  expect(await triedWith([head, head])).toBe('backup-damaged')
  // A size that no file has.
  const size = headerOf('manifest.json', 2 ** 60)
  await writeFile(bench.file('size'), Buffer.concat([archive([head]).subarray(0, -1024), size, Buffer.alloc(1024)]))
  expect(await tried(bench.file('size'))).toMatch(/^backup-(?:format|damaged)$/)
})

test('rows of a schema that this program does not know are refused', async () => {
  const entries = await entriesOf(file)
  const header = { ...JSON.parse(String(entries[0][1])), schema: 9999 }
  const newer = ['cloister.json', Buffer.from(JSON.stringify(header))] satisfies NamedBytes
  expect(await triedWith([newer, ...entries.slice(1)])).toBe('backup-newer')
})

test('a manifest that was made to fit its own seal does not make another digest true', async () => {
  const entries = new Map(await entriesOf(file))
  const manifest = JSON.parse(String(entries.get('manifest.json')))
  manifest.digest = '0'.repeat(64)
  const bytes = Buffer.from(JSON.stringify(manifest))
  entries.set('manifest.json', bytes)
  entries.set('manifest.sha256', Buffer.from(`${sha256().update(bytes).digest('hex')}\n`))
  expect(await triedWith([...entries])).toBe('backup-damaged')
})

test('a header holds sizes of every order', () => {
  for (const size of [0, 1, 511, 8 ** 11 - 1, 8 ** 11, 2 ** 43 + 1]) {
    expect(readHeader(headerOf('blobs/x', size))).toEqual({ name: 'blobs/x', size })
  }
})

type NamedBytes = [string, Buffer]

async function triedWith(entries: readonly NamedBytes[]): Promise<string> {
  const name = bench.file('made.cloister')
  await writeFile(name, archive(entries))
  return tried(name)
}

function archive(entries: readonly NamedBytes[]): Buffer {
  const parts = entries.flatMap(([name, bytes]) => [
    headerOf(name, bytes.length),
    bytes,
    Buffer.alloc((512 - (bytes.length % 512)) % 512),
  ])
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

async function entriesOf(name: string): Promise<NamedBytes[]> {
  const bytes = await readFile(name)
  const entries: NamedBytes[] = []
  for (let at = 0; ; ) {
    const header = readHeader(bytes.subarray(at, at + 512))
    if (!header) return entries
    entries.push([header.name, bytes.subarray(at + 512, at + 512 + header.size)])
    at += 512 + Math.ceil(header.size / 512) * 512
  }
}
