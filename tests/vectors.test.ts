/** Vectors from end to end: real llama.cpp in the model process, a tiny embedding model that we write, the whole core. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Kysely, sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tinyEmbedder } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import { createModels, modelEntry } from '../shared/models/models.ts'
import type { ChildProcess, Models } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import type { Schema } from '../shared/store/schema.ts'
import { bytes, createLineParser, openTestCore, type TestCore } from './open-core.ts'
import { silent } from './open-store.ts'

const lease = [
  'Der Mieter darf einen Hund halten, wenn niemand belästigt wird.',
  'Die Miete wird am dritten Werktag jedes Monats überwiesen.',
  'Im Treppenhaus ist das Rauchen untersagt.',
  'Der Keller wird einmal im Jahr gereinigt.',
].join('\n')
/** Shares no word with what it asks for, nor the beginning of one. */
const paraphrase = 'Vierbeiner?'
const synonyms = [['Hund', 'Vierbeiner']]

let base: string
let folder: string
let open: TestCore
const children: ChildProcess[] = []

function startModels(): Models {
  const forked = createForkedProcesses({ entries: { model: modelEntry }, log: silent })
  return createModels({
    settings: { folder, contextSize: 512, maxTokens: 50, temperature: 0, threads: 1 },
    processes: {
      spawn(role) {
        const child = forked.spawn(role)
        children.push(child)
        return child
      },
    },
    log: silent,
  })
}

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'cloister-vectors-'))
  folder = path.join(base, 'models')
  await mkdir(folder)
  const settings = { lookTime: 50, patience: { pause: 50, times: 4 } }
  open = await openTestCore(createLineParser(), undefined, startModels(), settings)
  open.core.start()
})
afterAll(async () => {
  await open.close()
  await rm(base, { recursive: true, force: true })
})

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !(await condition()); ) {
    if (Date.now() > end) throw new Error('it did not come to pass in 30 s')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

async function rows<Row>(text: string): Promise<Row[]> {
  const read = new Kysely<Schema>({ dialect: open.database.reader })
  return (await sql.raw<Row>(text).execute(read)).rows
}

const indexes = () =>
  rows<{ number: number; name: string; state: string }>('select number, name, state from vector_index')
const vectors = async () => {
  const [{ number }] = await indexes()
  return (await rows<{ id: number }>(`select id from vector_${number}`)).length
}
const add = async (text: string, name: string) =>
  (await open.core.documents.add(open.scope, { name, open: () => bytes(text) })).document.id
const embedded = async (id: string) => (await open.core.documents.get(open.scope, id)).embedded
const firstFor = async (question: string) => (await open.core.search(open.scope, question))[0]?.text

test('documents are embedded when a model comes, follow it when it changes, and go when they are deleted', async () => {
  const id = await add(lease, 'mietvertrag.txt')
  await open.core.settled(open.scope)
  // By words alone.
  expect(await firstFor('Wann wird die Miete überwiesen?')).toContain('Werktag')
  expect([await firstFor(paraphrase), await embedded(id), await indexes()]).toEqual([undefined, 0, []])
  expect(children).toHaveLength(0)

  await writeGguf(path.join(folder, 'embedder.gguf'), tinyEmbedder({ name: 'e5-first', synonyms }))
  const chunks = (await open.core.documents.get(open.scope, id)).chunks
  await until(async () => (await embedded(id)) === chunks)
  expect(await vectors()).toBe(chunks)
  await until(async () => (await firstFor(paraphrase))?.includes('Hund') === true)

  // The process dies in the middle of embedding: it goes on by itself.
  const killed = children.length
  const watching = new AbortController()
  void (async () => {
    for await (const _ of open.core.watch(watching.signal)) {
      if (children.length === killed) children.at(-1)?.kill()
    }
  })()
  const long = Array.from(
    { length: 40 },
    (_, at) => `Abschnitt ${at}: ${'Ordnung und Sauberkeit im Haus. '.repeat(25)}`,
  )
  const other = await add(long.join('\n'), 'hausordnung.txt')
  await until(async () => (await embedded(other)) >= 40)
  watching.abort()
  expect(children.length).toBeGreaterThan(killed)
  expect(await vectors()).toBe(chunks + (await open.core.documents.get(open.scope, other)).chunks)

  // Another model in its place: all vectors anew, search works all the while.
  await rm(path.join(folder, 'embedder.gguf'))
  await writeGguf(
    path.join(folder, 'other.gguf'),
    tinyEmbedder({ name: 'e5-second', synonyms, dimensions: 96, seed: 5 }),
  )
  await until(async () => {
    expect(await firstFor('Wann wird die Miete überwiesen?')).toContain('Werktag')
    return (await indexes()).every(index => index.name === 'e5-second' && index.state === 'active')
  })
  await open.core.embedded(open.scope)
  await until(async () => (await firstFor(paraphrase))?.includes('Hund') === true)

  await open.core.documents.delete(open.scope, id)
  expect(await vectors()).toBe((await open.core.documents.get(open.scope, other)).chunks)
  expect(await firstFor(paraphrase)).not.toContain('Hund')
  await open.core.documents.undo(open.scope, id)
  await open.core.embedded(open.scope)
  expect(await firstFor(paraphrase)).toContain('Hund')
  await open.core.documents.purge(open.scope, id)
  await open.core.documents.purge(open.scope, other)
  expect([await vectors(), await rows('select * from document_vectors')]).toEqual([0, []])
}, 120_000)
