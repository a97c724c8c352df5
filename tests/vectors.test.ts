/** Vectors from end to end: real llama.cpp in the model process, a tiny embedding model that we write, the whole core. */
import { fork } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { tinyEmbedder } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import { createModels, modelEntry } from '../shared/models/models.ts'
import type { ChildProcess, Models } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import type { Schema } from '../shared/store/schema.ts'
import { bytes, createLineParser, openTestCore, type TestCore } from './open-core.ts'
import { silent } from './open-store.ts'
import { engines, isPostgres, needsServer } from './postgres.ts'
import { until } from './until.ts'

const lease = [
  'Der Mieter darf einen Hund halten, wenn niemand belästigt wird.',
  'Die Miete wird am dritten Werktag jedes Monats überwiesen.',
  'Im Treppenhaus ist das Rauchen untersagt.',
  'Der Keller wird einmal im Jahr gereinigt.',
].join('\n')
/** Shares no word with what it asks for, nor the beginning of one. */
const paraphrase = 'Vierbeiner?'
const synonyms = [['Hund', 'Vierbeiner']]

describe.each(engines)('on $name', engine => {
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
    open = await openTestCore(createLineParser(), { engine, models: startModels(), settings })
    open.core.start()
  })
  afterAll(async () => {
    await open.close()
    await rm(base, { recursive: true, force: true })
  })

  async function rows<Row>(text: string, database = open.database): Promise<Row[]> {
    const read = new Kysely<Schema>({ dialect: database.reader('internal') })
    return (await sql.raw<Row>(text).execute(read)).rows
  }

  const indexes = () =>
    rows<{ number: number; name: string; state: string }>(
      'select number, name, state from vector_index where retired_at is null order by number',
    )
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
    // Nothing that is left is nearer than chance.
    expect((await firstFor(paraphrase)) ?? '').not.toContain('Hund')
    await open.core.documents.undo(open.scope, id)
    await open.core.embedded(open.scope)
    expect(await firstFor(paraphrase)).toContain('Hund')
    await open.core.documents.purge(open.scope, id)
    await open.core.documents.purge(open.scope, other)
    expect([await vectors(), await rows('select * from document_vectors')]).toEqual([0, []])
  }, 120_000)

  /** A silent lease runs out after 15 s on Postgres, where the process may be anywhere; SQLite sees that it is gone. */
  const kills = engine.engine === 'sqlite' ? 2 : 1

  test.skipIf(!engine.concurrent)(
    `killed in the middle (${kills} ×), the embedding ends with one vector for each chunk${engine.concurrent ? '' : `: ${needsServer}`}`,
    async () => {
      const data = path.join(base, 'data')
      await mkdir(path.join(data, 'models'), { recursive: true })
      await writeGguf(path.join(data, 'models', 'embedder.gguf'), tinyEmbedder({ name: 'e5-killed' }))
      const text = Array.from(
        { length: 300 },
        (_, at) => `Absatz ${at}. ${'Wort um Wort folgt hier. '.repeat(45)}`,
      ).join('\n\n')
      await writeFile(path.join(base, 'lang.txt'), text)
      const script = path.join(base, 'embed.mjs')
      const root = path.join(import.meta.dirname, '..')
      const made = isPostgres(engine) ? await engine.open() : undefined
      onTestFinished(async () => made?.drop())
      const environment = made ? { DATABASE_URL: made.url } : {}
      await writeFile(
        script,
        `import { createReadStream } from 'node:fs'
    import { openCore } from ${JSON.stringify(path.join(root, 'server/compose.ts'))}
    import { readConfig } from ${JSON.stringify(path.join(root, 'server/config.ts'))}
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const environment = ${JSON.stringify(environment)}
    const { core, close } = await openCore({ config: readConfig({ data: ${JSON.stringify(data)}, environment }), log })
    core.start()
    const scope = { userId: 'local', projectId: (await core.projects.find('local')).id }
    const { document } = await core.documents.add(scope, { name: 'lang.txt', open: () => createReadStream(${JSON.stringify(path.join(base, 'lang.txt'))}) })
    for await (const _ of core.watch(AbortSignal.timeout(60_000))) {
      const { embedded, chunks, state } = await core.documents.get(scope, document.id)
      process.send({ embedded, done: state === 'ready' && embedded === chunks })
      if (state === 'ready' && embedded === chunks) break
    }
    await close()
    process.disconnect()`,
      )
      const progress: number[] = []
      for (let kill = 1; ; kill++) {
        const child = fork(script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })
        const ended = new Promise<string | null>(resolve => child.on('exit', (_, signal) => resolve(signal)))
        const first = progress.at(-1) ?? 0
        child.on('message', ({ embedded }: { embedded: number }) => {
          if (embedded > first) progress.push(embedded)
          // Each time a little farther, while the next batch is on its way.
          if (kill <= kills && embedded > first) child.kill('SIGKILL')
        })
        if ((await ended) === null) break
        if (kill > kills) throw new Error('it ended by itself')
      }
      const database = made?.database ?? (await openSqlite({ file: path.join(data, 'cloister.db') }))
      onTestFinished(() => database.close())
      const count = async (query: string) => (await rows<{ count: number }>(query, database))[0]?.count
      const chunks = await count('select count(*) as count from chunk')
      expect(chunks).toBeGreaterThan(100)
      expect(await count('select count(*) as count from vector_1')).toBe(chunks)
      expect(await count('select count(*) as count from chunk where id not in (select id from vector_1)')).toBe(0)
      expect(await database.check(true)).toEqual([])
      // Nothing was done twice that had been committed.
      expect(progress).toEqual([...progress].sort((a, b) => a - b))
    },
    120_000,
  )
})
