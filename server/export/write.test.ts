import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as soon } from 'node:timers/promises'
import { TextWriter, Uint8ArrayReader, ZipReader } from '@zip.js/zip.js'
import { expect, onTestFinished, test } from 'vitest'
import type { Core } from '../../shared/core.ts'
import { AppError } from '../../shared/errors.ts'
import type { Document, Segment } from '../../shared/model/index.ts'
import { exportOf } from './write.ts'

const count = 40
const megabyte = 1024 * 1024

/** A library of 40 documents of a megabyte each; says how many were opened. `documents`: instead of what is there. */
async function open({ segments = 0, ...instead }: Partial<Core['documents']> & { segments?: number } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-export-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'a')
  await writeFile(file, '')
  await truncate(file, megabyte)
  const opened = { count: 0 }
  const documents = Array.from({ length: count }, (_, at) => ({
    id: `${at}`,
    path: `${at}.bin`,
    createdAt: Date.now(),
    segments,
  }))
  const core = {
    projects: { list: async () => [{ id: 'p', userId: 'u', name: 'P' }] },
    documents: {
      page: async (_scope: unknown, { trashed }: { trashed: boolean }) => ({
        documents: trashed ? [] : documents,
        next: null,
      }),
      original: async () => {
        opened.count += 1
        return { file }
      },
      ...instead,
    },
    assistants: { list: async () => [] },
    chats: { list: async () => [], trash: async () => [], left: { list: async () => [] } },
    settings: { get: async () => ({}) },
    providers: { known: async () => [] },
    quotas: { get: async () => ({}), usage: async () => [] },
    audit: { own: async () => ({ entries: [], next: null }) },
    ledger: { all: async function* () {} },
  } as unknown as Core
  return { opened, core, folder, file }
}

async function unpack(archive: Readable): Promise<Record<string, string>> {
  const reader = new ZipReader(new Uint8ArrayReader(await buffer(archive)))
  const unpacked: Record<string, string> = {}
  for (const entry of await reader.getEntries())
    if (!entry.directory) unpacked[entry.filename] = await entry.getData(new TextWriter())
  return unpacked
}

const missing = (files: Record<string, string>) =>
  (JSON.parse(files['manifest.json']) as { projects: { missing: unknown[] }[] }).projects[0].missing

test('names what is missing, or was removed meanwhile, and goes on', async () => {
  const { core, folder, file } = await open({
    segments: 2,
    original: async (_scope, id) => {
      if (id === '3') throw new AppError('document-not-found', { id })
      if (id === '4') throw new AppError('blob-missing', { name: id })
      // There when it was looked for, and gone or no file when it is read.
      if (id === '5') return { file: path.join(folder, 'gone'), document: {} as Document }
      if (id === '6') return { file: folder, document: {} as Document }
      return { file, document: {} as Document }
    },
    segment: async (_scope, id, number) => {
      if (id === '7' && number === 2) throw new AppError('document-not-found', { id })
      return { blocks: [{ text: `page ${number}` }] } as unknown as Segment
    },
  })
  const files = await unpack(exportOf({ core, userId: 'u', version: '0', account: {} }, new AbortController().signal))
  expect(missing(files)).toEqual([
    { id: '3', path: '3.bin', part: 'original', reason: 'document-not-found' },
    { id: '4', path: '4.bin', part: 'original', reason: 'blob-missing' },
    { id: '5', path: '5.bin', part: 'original', reason: 'blob-missing' },
    { id: '6', path: '6.bin', part: 'original', reason: 'blob-damaged' },
    { id: '7', path: '7.bin', part: 'text', reason: 'document-not-found' },
  ])
  expect(files['P/text/7.bin.txt']).toBe('page 1\n')
  expect(files['P/text/8.bin.txt']).toBe('page 1\n\fpage 2\n')
  expect(files['P/originals/8.bin']).toHaveLength(megabyte)
  expect(Object.keys(files)).not.toContain('P/originals/5.bin')
  expect(Object.keys(files).at(-1)).toBe('manifest.json')
})

test.each([
  ['looking for an original', 'original'],
  ['reading a text', 'segment'],
] as const)('is not whole where the database fails while %s', async (_, method) => {
  const trouble = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
  const { core } = await open({
    segments: 2,
    segment: async () => ({ blocks: [] }) as unknown as Segment,
    [method]: () => Promise.reject(trouble),
  })
  const archive = exportOf({ core, userId: 'u', version: '0', account: {} }, new AbortController().signal)
  await expect(buffer(archive)).rejects.toBe(trouble)
})

test('is not whole where the store of files is out of reach', async () => {
  const gone = new AppError('blob-store-unreachable', { detail: 'HTTP 503' })
  const { core } = await open({ original: () => Promise.reject(gone) })
  const archive = exportOf({ core, userId: 'u', version: '0', account: {} }, new AbortController().signal)
  await expect(buffer(archive)).rejects.toBe(gone)
})

test('reads no more than is taken', async () => {
  const { opened, core } = await open()
  const control = new AbortController()
  const archive = exportOf({ core, userId: 'u', version: '0', account: {} }, control.signal)
  const chunks = archive[Symbol.asyncIterator]()
  await chunks.next()
  for (let turn = 0; turn < 2000; turn += 1) await soon()
  expect(opened.count).toBeLessThan(5)
  let bytes = 0
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) bytes += (next.value as Buffer).length
  expect(opened.count).toBe(count)
  expect(bytes).toBeGreaterThan(count * megabyte)
})

test('is written however many others are not taken', async () => {
  const { core } = await open()
  const control = new AbortController()
  onTestFinished(() => control.abort())
  const begin = () => exportOf({ core, userId: 'u', version: '0', account: {} }, control.signal)
  for (let number = 0; number < 40; number += 1) {
    const archive = begin()
    archive.on('error', () => {})
    await archive[Symbol.asyncIterator]().next()
  }
  expect((await buffer(begin())).length).toBeGreaterThan(count * megabyte)
})

test('ends with an error when it is broken off, and opens nothing more', async () => {
  const { opened, core } = await open()
  const control = new AbortController()
  const archive = exportOf({ core, userId: 'u', version: '0', account: {} }, control.signal)
  await archive[Symbol.asyncIterator]().next()
  const failed = new Promise(resolve => archive.once('error', resolve))
  control.abort(new Error('gone'))
  await failed
  const then = opened.count
  for (let turn = 0; turn < 2000; turn += 1) await soon()
  expect(opened.count).toBeLessThanOrEqual(then + 1)
})
