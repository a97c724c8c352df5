/** A stream of documents for workers that must never run dry. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../shared/api/client.ts'
import { bigManuals, realManuals } from './manuals.ts'
import type { OwnDatabase } from './own-database.ts'

/** Documents that wait or are being read; below it, more are added. */
const ahead = 10
const pace = 100

export interface Stream {
  /** Documents that were ready by now, chunks in the index of words, chunks with a vector. */
  done(): Promise<Ingested>
  /** The fewest documents that waited or were being read, since it was asked last. */
  fewest(): number
  stop(): Promise<void>
}

export interface Ingested {
  documents: number
  chunks: number
  embedded: number
}

/** Where documents are added, and by whom. */
export interface Place {
  client: Client
  projectId: string
}

/**
 * Adds documents over HTTP, to the places in turn, so that there is always work: manuals as people have them, and small
 * ones. Each is another document for its end alone. Returns when the first are there.
 */
export async function streamDocuments(options: {
  database: OwnDatabase
  places: readonly Place[]
  folder: string
  note: (line: string) => void
}): Promise<Stream> {
  const { database, places, folder, note } = options
  const files = await filesFor(note, folder)
  let going = true
  let fewest = Number.POSITIVE_INFINITY
  let added = 0

  async function add(): Promise<void> {
    const number = added++
    const { name, bytes } = files[number % files.length]
    const end = name.endsWith('.pdf') ? `\n%${number}` : `\n\nNr. ${number}.\n`
    const file = new File([bytes, end], `${number}-${name}`)
    const { client, projectId } = places[number % places.length]
    const { results } = await client.documents.upload({ projectId, files: [file] })
    if (!results[0]?.document) throw new Error(`${name} was refused`)
  }

  async function unfinished(): Promise<number> {
    const [{ count }] = await database.query<{ count: number }>(
      `select count(*)::int as count from document where state in ('queued', 'parsing', 'indexing')`,
    )
    return count
  }

  for (let at = 0; at < ahead; at++) await add()
  const feeding = (async () => {
    while (going) {
      const count = await unfinished()
      fewest = Math.min(fewest, count)
      for (let at = count; going && at < ahead; at++) await add()
      await pause(pace)
    }
  })()
  // Whoever stops it hears of it.
  feeding.catch(() => {})
  return {
    async done() {
      const [row] = await database.query<Record<keyof Ingested, string>>(`select
        (select count(*) from document where state = 'ready') as documents, (select count(*) from chunk) as chunks,
        (select sum(chunks) from document_vectors) as embedded`)
      return { documents: Number(row.documents), chunks: Number(row.chunks), embedded: Number(row.embedded) }
    },
    fewest() {
      const found = fewest
      fewest = Number.POSITIVE_INFINITY
      return found
    },
    async stop() {
      going = false
      await feeding
    },
  }
}

async function filesFor(
  note: (line: string) => void,
  folder: string,
): Promise<{ name: string; bytes: Buffer<ArrayBuffer> }[]> {
  const real = await realManuals()
  const large = real.length > 0 ? real : await bigManuals(note, folder)
  const samples = path.join(import.meta.dirname, '../samples')
  const small = (await readdir(samples)).sort().map(name => ({ name, file: path.join(samples, name) }))
  return Promise.all([...large, ...small].map(async ({ name, file }) => ({ name, bytes: await readFile(file) })))
}
