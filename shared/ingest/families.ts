/** What happens to the files of a container when something happens to the container. */
import type { Document, Scope } from '../model/index.ts'
import type { Queue } from '../ports.ts'
import type { Member, Store, Tx } from '../store/index.ts'
import { removeChunks } from './clear.ts'
import { clearJob, documentKeys, embedJob } from './jobs.ts'

/** Chunks of a family that are taken away at once; with more of them they are hidden, and jobs take them away. */
const fewChunks = 250

interface Deps {
  store: Store
  queue: Queue
}

/**
 * The container with all that goes when it goes, parents first. A file that another container holds too, one that stays, is
 * handed over to that one, and what came out of it stays with it. A container in the trash takes along what lies there, and
 * not what was put back: that is nobody's then.
 */
export async function leaving(tx: Tx, { store }: Deps, scope: Scope, document: Document): Promise<Document[]> {
  const members = await store.families.members(tx, document.id)
  const { going, staying } = divide(document, members)
  for (const { id, to } of staying) await store.families.move(tx, scope, id, to)
  return [document, ...members.map(member => member.document).filter(({ id }) => going.has(id))]
}

/** How many would leave with it, were it deleted, or purged from the trash. */
export async function countLeaving(tx: Tx, { store }: Deps, document: Document): Promise<number> {
  const members = await store.families.members(tx, document.id)
  const { going } = divide(document, members)
  const trashed = document.deletedAt !== null
  return members.filter(member => going.has(member.document.id) && (trashed || member.document.deletedAt === null))
    .length
}

interface Stay {
  id: string
  to: { parentId: string | null; path: string }
}

function divide(document: Document, members: readonly Member[]): { going: Set<string>; staying: Stay[] } {
  const isBack = ({ deletedAt }: Document) => document.deletedAt !== null && deletedAt === null
  const back = members.filter(member => isBack(member.document))
  const going = new Set([document.id, ...members.map(member => member.document.id)])
  for (const { document: child } of back) going.delete(child.id)
  const staying: Stay[] = []
  for (let changed = true; changed; ) {
    changed = false
    for (const { document: child, holders } of members) {
      if (!going.has(child.id)) continue
      const holder = holders.find(({ id }) => !going.has(id))
      // A container is not kept by what came out of itself.
      const orphaned = child.parentId !== null && !going.has(child.parentId)
      if (!holder && !orphaned) continue
      going.delete(child.id)
      changed = true
      if (holder && !orphaned) staying.push({ id: child.id, to: { parentId: holder.id, path: holder.path } })
    }
  }
  for (const { document: child, holders } of back) {
    if (child.parentId === null || !going.has(child.parentId)) continue
    const holder = holders.find(({ id }) => !going.has(id))
    const to = holder ? { parentId: holder.id, path: holder.path } : { parentId: null, path: child.path }
    staying.push({ id: child.id, to })
  }
  return { going, staying }
}

/** Gives a document that is there by itself no more to a container that holds the same file. False where none does. */
export async function handOver(tx: Tx, { store }: Deps, scope: Scope, { id }: Document): Promise<boolean> {
  const members = await store.families.members(tx, id)
  // A container is not kept by what came out of itself.
  const own = new Set([id, ...members.map(member => member.document.id)])
  const holder = (await store.families.holders(tx, id)).find(one => !own.has(one.id))
  if (holder) await store.families.move(tx, scope, id, { parentId: holder.id, path: holder.path })
  return holder !== undefined
}

/** To the trash, all with one time, so that they can come back together. */
export async function trash(tx: Tx, deps: Deps, scope: Scope, documents: readonly Document[], time: number) {
  const { store, queue } = deps
  const ids = documents.map(({ id }) => id)
  await queue.cancel(
    store.executor(tx),
    ids.flatMap(id => documentKeys(id)),
  )
  await unindexAll(tx, deps, documents)
  await store.families.setDeleted(tx, scope, ids, time)
}

async function unindexAll(tx: Tx, deps: Deps, documents: readonly Document[]): Promise<void> {
  const { store, queue } = deps
  const indexed = documents.filter(({ chunks }) => chunks > 0)
  const [first] = documents
  if (!first) return
  if (documents.length > 1 && indexed.reduce((sum, { chunks }) => sum + chunks, 0) > fewChunks) {
    await store.chunks.hide(
      tx,
      first.projectId,
      indexed.map(({ id }) => id),
    )
    for (const { id } of indexed) await queue.enqueue(store.executor(tx), clearJob(id))
  } else for (const one of documents.length > 1 ? indexed : documents) await removeChunks(tx, deps, one)
  for (const { id } of documents) await store.documents.update(tx, id, { indexed: 0, chunks: 0 })
}

/** Takes one document out of every search. */
export async function unindex(tx: Tx, deps: Deps, document: Document): Promise<void> {
  await deps.queue.cancel(deps.store.executor(tx), [embedJob(document.id).key])
  await unindexAll(tx, deps, [document])
}
