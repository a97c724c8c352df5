import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BlobWriter, TextReader, ZipWriter } from '@zip.js/zip.js'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeZip, type ZipEntry } from '../../../scripts/fixtures/zip.ts'
import { AppError } from '../../errors.ts'
import type { FoundFile } from '../../model/index.ts'
import { DEFAULT_LIMITS } from '../protocol.ts'
import { openFolder } from './folder.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-folder-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(bytes: Uint8Array, { password, after }: { password?: string; after?: number } = {}) {
  const file = join(folder, 'a.zip')
  await writeFile(file, bytes)
  const scratch = await mkdtemp(join(folder, 'scratch-'))
  const notes: string[] = []
  const source = await openFolder(file, {
    limits: DEFAULT_LIMITS,
    note: detail => notes.push(detail),
    scratch,
    ...(password !== undefined && { password }),
  })
  const files: FoundFile[] = []
  const listing: string[] = []
  try {
    const items = source.read(0, undefined, after)
    for (;;) {
      const { value, done } = await items.next()
      if (done) return { files, listing, notes, ...value }
      if ('segment' in value) listing.push(...value.segment.blocks.map(block => block.text))
      else files.push(value)
    }
  } finally {
    await source.close()
  }
}

const zip = (...entries: ZipEntry[]) => writeZip(entries)
const codeOf = (reading: Promise<unknown>) =>
  reading.then(
    () => 'none',
    error => (error instanceof AppError ? error.code : String(error)),
  )

test('each file comes out with its bytes, and the list names them all', async () => {
  const { files, listing, cut, reasons } = await read(
    zip({ name: 'Verträge/Miete.md', bytes: '# Miete' }, { name: 'film.mp4', bytes: 'film' }),
  )
  expect(listing).toEqual(['Verträge/Miete.md', 'film.mp4'])
  expect(files[0]).toMatchObject({ number: 1, name: 'Miete.md', path: 'Verträge/Miete.md' })
  expect(await readFile(files[0]!.file!, 'utf8')).toBe('# Miete')
  expect(files[1]).toEqual({
    number: 2,
    name: 'film.mp4',
    path: 'film.mp4',
    reason: { code: 'unsupported-type', values: { name: 'film.mp4' } },
  })
  expect([cut, reasons]).toEqual([false, []])
})

test('where reading goes on, numbers and names are the same', async () => {
  const bytes = zip(...['a.txt', 'A.txt', 'a.txt'].map((name, index) => ({ name, bytes: `${index}` })))
  const all = await read(bytes)
  expect(all.files.map(({ path }) => path)).toEqual(['a.txt', 'A (2).txt', 'a (3).txt'])
  const rest = await read(bytes, { after: 2 })
  expect(rest.files.map(({ number, path }) => [number, path])).toEqual([[3, 'a (3).txt']])
  expect(await readFile(rest.files[0]!.file!, 'utf8')).toBe('2')
})

test.each([
  ['../../etc/passwd.txt', 'etc/passwd.txt'],
  ['/root/a.txt', 'root/a.txt'],
  ['C:\\Users\\b.txt', 'Users/b.txt'],
  ['..\\..\\c.txt', 'c.txt'],
  ['a/./b//d.txt', 'a/b/d.txt'],
  ['nul\u0000l\u202e.txt', 'null.txt'],
  ['U\u0308bung.txt', 'Übung.txt'],
  [`${'ä'.repeat(300)}.txt`, `${'ä'.repeat(125)}.txt`],
])('%s leads nowhere', async (name, path) => {
  const { files } = await read(zip({ name, bytes: 'x' }))
  expect(files[0]!.path).toBe(path)
})

test.each([
  ['the code page of DOS', [0x9a, 0x62, 0x75, 0x6e, 0x67, 0x20, 0x84, 0x94, 0x81, 0xe1], 'Übung äöüß'],
  ['Windows-1252', [0xdc, 0x62, 0x75, 0x6e, 0x67, 0x20, 0xe4, 0xf6, 0xfc, 0xdf], 'Übung äöüß'],
  ['UTF-8 that does not say so', [...Buffer.from('Übung äöüß')], 'Übung äöüß'],
])('names in %s', async (_, bytes, name) => {
  const { files } = await read(zip({ name: Uint8Array.from([...bytes, ...Buffer.from('.txt')]), bytes: 'x' }))
  expect(files[0]!.name).toBe(`${name}.txt`)
})

test.each([
  ['cp850', 'Löhne § 3.txt'],
  ['cp850', 'Übersicht Straße.txt'],
  ['cp850', 'Räume Ø 5 m².txt'],
  ['windows-1252', '§ 5 Kündigung.txt'],
  ['windows-1252', '– Küche.txt'],
  ['windows-1252', 'Anna’s Verträge “alt”.txt'],
  ['windows-1252', 'Straße 2024–2025.txt'],
])('a name in %s: %s', async (encoding, name) => {
  const { files } = await read(zip({ name: iconv.encode(name, encoding), bytes: 'x' }))
  expect(files[0]!.name).toBe(name)
})

test('what systems leave behind is left out and counted; links are refused', async () => {
  const { files, notes } = await read(
    zip(
      { name: 'a/.DS_Store', bytes: 'x' },
      { name: '__MACOSX/a/._b.txt', bytes: 'x' },
      { name: 'Thumbs.db', bytes: 'x' },
      { name: 'a/b.txt', bytes: '/etc/passwd', link: true },
      { name: 'a/c.txt', bytes: 'c' },
    ),
  )
  expect(notes).toEqual(['left out 3 files that operating systems leave in folders'])
  expect(files.map(({ path, reason }) => [path, reason?.code])).toEqual([
    ['a/b.txt', 'symbolic-link'],
    ['a/c.txt', undefined],
  ])
})

test('a password opens it; without, or with a wrong one, it says so', async () => {
  const writer = new ZipWriter(new BlobWriter(), { password: 'geheim', encryptionStrength: 3 })
  await writer.add('a.txt', new TextReader('Die Miete beträgt 800 €.'))
  const bytes = new Uint8Array(await (await writer.close()).arrayBuffer())
  expect(await codeOf(read(bytes))).toBe('password-protected')
  expect(await codeOf(read(bytes, { password: 'falsch' }))).toBe('password-wrong')
  const { files } = await read(bytes, { password: 'geheim' })
  expect(await readFile(files[0]!.file!, 'utf8')).toBe('Die Miete beträgt 800 €.')
})

test('of an archive half of which is encrypted, the other half is taken', async () => {
  const writer = new ZipWriter(new BlobWriter())
  await writer.add('a.txt', new TextReader('offen'))
  await writer.add('b.txt', new TextReader('zu'), { password: 'geheim' })
  const { files } = await read(new Uint8Array(await (await writer.close()).arrayBuffer()))
  expect(files.map(({ reason }) => reason?.code)).toEqual([undefined, 'password-protected'])
})

test('a document that is a ZIP by its construction is told as such, an empty archive as empty', async () => {
  const docx = zip({ name: '[Content_Types].xml', bytes: '<x/>' }, { name: 'word/document.xml', bytes: '<x/>' })
  expect(await codeOf(read(docx))).toBe('type-mismatch')
  expect(await codeOf(read(zip()))).toBe('empty-file')
})

const zeros = Buffer.alloc(30 * 1024 ** 2)

test('a bomb is refused before anything is taken out', async () => {
  expect(await codeOf(read(zip({ name: 'a.txt', bytes: zeros })))).toBe('archive-too-large')
  // Entries that overlap: one set of packed bytes, a hundred times.
  const again = Array.from({ length: 100 }, (_, index) => ({
    name: `${index}.txt`,
    bytes: Buffer.alloc(3 * 1024 ** 2, 'ab'),
    again: index > 0,
  }))
  expect(await codeOf(read(writeZip(again)))).toBe('archive-too-large')
  const many = Array.from({ length: 2_001 }, (_, index) => ({ name: `${index}.txt`, bytes: 'x' }))
  expect(await codeOf(read(writeZip(many)))).toBe('archive-too-large')
})

test('one that lies about its sizes is stopped: what was taken out stays, the rest says why', async () => {
  const { files, reasons } = await read(
    zip({ name: 'a.txt', bytes: 'Text' }, { name: 'b.txt', bytes: zeros, size: 10 }, { name: 'c.txt', bytes: 'Text' }),
  )
  expect(files[0]!.reason).toBeUndefined()
  expect(files.slice(1).every(({ reason, file }) => reason !== undefined || file !== undefined)).toBe(true)
  expect(reasons!.length).toBeGreaterThan(0)
  expect(files[1]!.reason?.code).toMatch(/archive-too-large|damaged/)
})

test('films beside a contract are no bomb: what no reader knows is not unpacked', async () => {
  const { files } = await read(zip({ name: 'film.mp4', bytes: zeros }, { name: 'vertrag.txt', bytes: 'Vertrag' }))
  expect(files.map(({ reason }) => reason?.code)).toEqual(['unsupported-type', undefined])
})

test('of a damaged archive, what can be had is had, and it is said', async () => {
  const bytes = zip({ name: 'a.txt', bytes: 'Der erste Text.' }, { name: 'b.txt', bytes: 'Der zweite Text, länger.' })
  const { files, reasons } = await read(bytes.subarray(0, bytes.length - 40))
  expect(await readFile(files[0]!.file!, 'utf8')).toBe('Der erste Text.')
  expect(reasons).toEqual([{ code: 'partly-damaged' }])
})

test('names in old code pages, where the directory is lost', async () => {
  const names = ['Löhne § 3.txt', 'Übersicht.txt'].map(name => iconv.encode(name, 'cp850'))
  const whole = zip(...names.map((name, index) => ({ name, bytes: `Text ${index}` })))
  const directory = Buffer.from(whole).indexOf('PK\x01\x02', 0, 'latin1')
  const { files } = await read(Buffer.from(whole).fill(0, directory))
  expect(files.map(file => file.name)).toEqual(['Löhne § 3.txt', 'Übersicht.txt'])
})
