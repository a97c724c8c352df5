/** Folders that projects follow, and their files: facts of this installation, in no change log. */
import { sql } from 'kysely'
import type {
  FileFacts,
  FolderIdentity,
  FolderProblem,
  FollowedFolder,
  MissingFiles,
  Reason,
  Scope,
} from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import type { Engine } from './engine/index.ts'
import type { FollowedFileRow, FollowedFolderRow, Read, ReadAs, Tx } from './schema.ts'

export interface FolderRow extends FollowedFolder, Pick<FolderIdentity, 'device' | 'inode'> {
  unsupported: number | null
  leaving: boolean
}

/** What is known of a file, beside its facts. */
export interface FileState {
  /** Of the bytes that were read last. */
  blob: string | null
  /** Null where it was refused, and where the document is gone for good. */
  documentId: string | null
  /** The document came by this file and by nothing else, and goes with it. */
  own: boolean
  /** The document of what was in it before, until the new one can be found. */
  previousId: string | null
  refused: Reason | null
}

export interface FileRow extends FileFacts, FileState {
  path: string
}

export interface FolderStore {
  /** Oldest first. */
  list(scope: Scope): Promise<FolderRow[]>
  /** Of all projects. */
  all(): Promise<{ folder: FolderRow; scope: Scope }[]>
  get(scope: Scope, id: string): Promise<FolderRow | undefined>
  /** Files that are documents, and those that are not and should be, by folder. */
  counts(scope: Scope): Promise<ReadonlyMap<string, FolderCounts>>
  /** Files that are not missing; `below`: of that folder in it. */
  countPresent(scope: Scope, id: string, below?: string): Promise<number>
  /** Files that are (see `MissingFiles`), by their paths, behind `after`. */
  missing(scope: Scope, id: string, page: { after?: string; limit: number }): Promise<FileRow[]>
  /** Their documents go on waiting, and nobody is asked about them any more. */
  awaitMissing(tx: Tx, id: string): Promise<void>
  insert(tx: Tx, scope: Scope, folder: { ignore: readonly string[] } & FolderIdentity): Promise<FolderRow>
  /** Only what is given changes. */
  update(tx: Tx, scope: Scope, id: string, fields: FolderFields): Promise<void>
  /** The same folder on a disk that the system numbers anew: what lay on it lies on it. */
  remount(tx: Tx, scope: Scope, folder: FolderRow, identity: FolderIdentity): Promise<void>
  /** With what is known of its files. */
  remove(tx: Tx, scope: Scope, id: string): Promise<void>
  /** In the order of the bytes of their paths, behind `after`; `below`: only what is in that folder. */
  files(scope: Scope, id: string, page: { after?: string; below?: string; limit: number }): Promise<FileRow[]>
  filesAt(scope: Scope, id: string, paths: readonly string[]): Promise<ReadonlyMap<string, FileRow>>
  byInode(scope: Scope, id: string, inodes: readonly string[]): Promise<FileRow[]>
  /** As this transaction sees it. */
  file(tx: Tx, id: string, path: string): Promise<FileRow | undefined>
  put(tx: Tx, id: string, file: FileRow): Promise<void>
  removeFile(tx: Tx, id: string, path: string): Promise<void>
  /** Files, of whatever folder, that are this document. */
  holders(tx: Tx, documentId: string): Promise<{ folderId: string; root: string; path: string; own: boolean }[]>
  setOwn(tx: Tx, id: string, path: string): Promise<void>
  /** Somebody wants the document by itself: it goes with no file any more, whether it is what the file says now or what it said before. */
  disown(tx: Tx, documentId: string): Promise<void>
  /** Files with a new version that can be found, or was taken away, behind `after`. */
  replaced(scope: Scope, id: string, limit: number): Promise<FileRow[]>
  /** By their paths, behind `after`. */
  problems(scope: Scope, id: string, page: { after?: string; limit: number }): Promise<FolderProblem[]>
  /** Documents of the project that wait or are worked on, up to so many. */
  open(scope: Scope, most: number): Promise<number>
}

interface FolderCounts {
  files: number
  problems: number
  missing: MissingFiles | null
}

interface FolderFields {
  ignore?: readonly string[]
  unsupported?: number
  leaving?: boolean
}

const underWay = ['queued', 'parsing', 'indexing']

export function createFolderStore({
  read,
  engine,
  clock,
  ids,
}: {
  read: ReadAs
  engine: Engine
  clock: Clock
  ids: Ids
}): FolderStore {
  const within = (db: Read, { userId, projectId }: Scope) =>
    db
      .selectFrom('followed_folder')
      .innerJoin('project', 'project.id', 'followed_folder.project_id')
      .selectAll('followed_folder')
      .where('followed_folder.project_id', '=', projectId)
      .where('project.user_id', '=', userId)
  const filesOf = (scope: Scope, id: string) =>
    read(scope).selectFrom('followed_file').selectAll().where('folder_id', '=', id)
  // As `JSON.stringify` writes a reason.
  const isMissing = sql<boolean>`(refused like '{"code":"file-gone"%' or refused like '{"code":"file-awaited"%')`
  /** Those whose document nobody could read. */
  const failed = (scope: Scope) =>
    read(scope)
      .selectFrom('document')
      .innerJoin('followed_file', 'followed_file.document_id', 'document.id')
      .where('document.project_id', '=', scope.projectId)
      .where('document.state', '=', 'failed')
      .where('document.deleted_at', 'is', null)
      .where('followed_file.refused', 'is', null)

  return {
    async list(scope) {
      const rows = await within(read(scope), scope)
        .orderBy('followed_folder.created_at')
        .orderBy('followed_folder.id')
        .execute()
      return rows.map(toFolder)
    },
    async all() {
      const rows = await read('internal')
        .selectFrom('followed_folder')
        .innerJoin('project', 'project.id', 'followed_folder.project_id')
        .selectAll('followed_folder')
        .select('project.user_id')
        .where('project.deleted_at', 'is', null)
        .orderBy('followed_folder.created_at')
        .execute()
      return rows.map(({ user_id: userId, ...row }) => ({
        folder: toFolder(row),
        scope: { userId, projectId: row.project_id },
      }))
    },
    async get(scope, id) {
      const row = await within(read(scope), scope).where('followed_folder.id', '=', id).executeTakeFirst()
      return row && toFolder(row)
    },
    async counts(scope) {
      const own = read(scope).selectFrom('followed_folder').select('id').where('project_id', '=', scope.projectId)
      const [all, unread, missing] = await Promise.all([
        read(scope)
          .selectFrom('followed_file')
          .select(({ fn }) => [
            'folder_id',
            fn.count<number>('document_id').as('files'),
            fn.count<number>('refused').as('refused'),
            fn.countAll<number>().as('known'),
          ])
          .where('folder_id', 'in', own)
          .groupBy('folder_id')
          .execute(),
        failed(scope)
          .select(({ fn }) => ['followed_file.folder_id', fn.countAll<number>().as('count')])
          .groupBy('followed_file.folder_id')
          .execute(),
        read(scope)
          .selectFrom('followed_file')
          .select(({ fn }) => ['folder_id', 'refused', fn.countAll<number>().as('count')])
          .where('folder_id', 'in', own)
          .where('refused', 'is not', null)
          .where(isMissing)
          .groupBy(['folder_id', 'refused'])
          .execute(),
      ])
      const more = new Map(unread.map(({ folder_id, count }) => [folder_id, Number(count)]))
      return new Map(
        all.map(({ folder_id, files, refused, known }) => [
          folder_id,
          {
            files: Number(files),
            problems: Number(refused) + (more.get(folder_id) ?? 0),
            missing: missingOf(
              missing.filter(row => row.folder_id === folder_id),
              Number(known),
            ),
          },
        ]),
      )
    },
    async countPresent(scope, id, below) {
      let query = read(scope)
        .selectFrom('followed_file')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('folder_id', '=', id)
        .where(({ or, eb, not }) => or([eb('refused', 'is', null), not(isMissing)]))
      if (below !== undefined) query = query.where('path', '>=', `${below}/`).where('path', '<', `${below}0`)
      return Number((await query.executeTakeFirstOrThrow()).count)
    },
    async missing(scope, id, { after = '', limit }) {
      const rows = await filesOf(scope, id)
        .where('refused', 'is not', null)
        .where(isMissing)
        .where('path', '>', after)
        .orderBy('path')
        .limit(limit)
        .execute()
      return rows.map(toFile)
    },
    async awaitMissing(tx, id) {
      await tx
        .updateTable('followed_file')
        .set({ refused: sql<string>`replace(refused, '"file-gone"', '"file-awaited"')` })
        .where('folder_id', '=', id)
        .where('refused', 'is not', null)
        .where(isMissing)
        .execute()
    },
    async insert(tx, { projectId }, { path, device, inode, ignore }) {
      const row = {
        id: ids.next(),
        project_id: projectId,
        path,
        device,
        inode,
        ignore: ignore.join('\n'),
        unsupported: null,
        leaving: 0,
        created_at: clock.now(),
      }
      await tx.insertInto('followed_folder').values(row).execute()
      return toFolder(row)
    },
    async update(tx, { projectId }, id, { ignore, unsupported, leaving }) {
      const fields = {
        ...(ignore && { ignore: ignore.join('\n') }),
        ...(unsupported !== undefined && { unsupported }),
        ...(leaving !== undefined && { leaving: leaving ? 1 : 0 }),
      }
      await tx
        .updateTable('followed_folder')
        .set(fields)
        .where('id', '=', id)
        .where('project_id', '=', projectId)
        .execute()
    },
    async remount(tx, { projectId }, { id, device: before }, { device, inode }) {
      await tx
        .updateTable('followed_folder')
        .set({ device, inode })
        .where('id', '=', id)
        .where('project_id', '=', projectId)
        .execute()
      if (before !== device)
        await tx
          .updateTable('followed_file')
          .set({ device })
          .where('folder_id', '=', id)
          .where('device', '=', before)
          .execute()
    },
    async remove(tx, { projectId }, id) {
      await tx.deleteFrom('followed_folder').where('id', '=', id).where('project_id', '=', projectId).execute()
    },
    async files(scope, id, { after, below, limit }) {
      let query = filesOf(scope, id)
      if (after !== undefined) query = query.where('path', '>', after)
      // Nothing but what begins with it stands between a slash and the sign behind it.
      if (below !== undefined) query = query.where('path', '>=', `${below}/`).where('path', '<', `${below}0`)
      return (await query.orderBy('path').limit(limit).execute()).map(toFile)
    },
    async filesAt(scope, id, paths) {
      const rows = await filesOf(scope, id)
        .where(sql<boolean>`path in (select value from ${engine.texts('wanted', paths)})`)
        .execute()
      return new Map(rows.map(row => [row.path, toFile(row)]))
    },
    async byInode(scope, id, inodes) {
      const rows = await filesOf(scope, id)
        .where(sql<boolean>`inode in (select value from ${engine.texts('wanted', inodes)})`)
        .execute()
      return rows.map(toFile)
    },
    async file(tx, id, path) {
      const query = tx.selectFrom('followed_file').selectAll().where('folder_id', '=', id).where('path', '=', path)
      const row = await query.executeTakeFirst()
      return row && toFile(row)
    },
    async put(tx, id, file) {
      const { folder_id, path, ...fields } = fromFile(id, file)
      await tx
        .insertInto('followed_file')
        .values({ folder_id, path, ...fields })
        .onConflict(conflict => conflict.columns(['folder_id', 'path']).doUpdateSet(fields))
        .execute()
    },
    async removeFile(tx, id, path) {
      await tx.deleteFrom('followed_file').where('folder_id', '=', id).where('path', '=', path).execute()
    },
    async holders(tx, documentId) {
      const rows = await tx
        .selectFrom('followed_file')
        .innerJoin('followed_folder', 'followed_folder.id', 'followed_file.folder_id')
        .select(['folder_id', 'followed_folder.path as root', 'followed_file.path', 'own'])
        .where('document_id', '=', documentId)
        .orderBy('folder_id')
        .orderBy('followed_file.path')
        .execute()
      return rows.map(({ folder_id: folderId, root, path, own }) => ({ folderId, root, path, own: own !== 0 }))
    },
    async setOwn(tx, id, path) {
      await tx
        .updateTable('followed_file')
        .set({ own: 1 })
        .where('folder_id', '=', id)
        .where('path', '=', path)
        .execute()
    },
    async disown(tx, documentId) {
      await tx.updateTable('followed_file').set({ own: 0 }).where('document_id', '=', documentId).execute()
      await tx.updateTable('followed_file').set({ previous_id: null }).where('previous_id', '=', documentId).execute()
    },
    async replaced(scope, id, limit) {
      const rows = await filesOf(scope, id)
        .where('previous_id', 'is not', null)
        .where(({ or, eb, selectFrom }) =>
          or([
            eb('document_id', 'is', null),
            eb('document_id', 'in', selectFrom('document').select('document.id').where('state', '=', 'ready')),
          ]),
        )
        .limit(limit)
        .execute()
      return rows.map(toFile)
    },
    async problems(scope, id, { after = '', limit }) {
      const refused = filesOf(scope, id)
        .where('refused', 'is not', null)
        .where('path', '>', after)
        .orderBy('path')
        .limit(limit)
        .execute()
      const unread = failed(scope)
        .select(['followed_file.path', 'document.reason'])
        .where('followed_file.folder_id', '=', id)
        .where('followed_file.path', '>', after)
        .orderBy('followed_file.path')
        .limit(limit)
        .execute()
      const [first, second] = await Promise.all([refused, unread])
      const reasonIn = (text: string | null): Reason =>
        text === null ? { code: 'internal' } : (JSON.parse(text) as Reason)
      return [
        ...first.map(({ path, refused: reason }) => ({ path, reason: reasonIn(reason) })),
        ...second.map(({ path, reason }) => ({ path, reason: reasonIn(reason) })),
      ]
    },
    async open(scope, most) {
      const rows = await read(scope)
        .selectFrom('document')
        .select('id')
        .where('project_id', '=', scope.projectId)
        .where('state', 'in', underWay)
        .where('deleted_at', 'is', null)
        .limit(most)
        .execute()
      return rows.length
    },
  }
}

function toFolder(row: FollowedFolderRow): FolderRow {
  return {
    id: row.id,
    projectId: row.project_id,
    path: row.path,
    ignore: row.ignore === '' ? [] : row.ignore.split('\n'),
    createdAt: row.created_at,
    device: row.device,
    inode: row.inode,
    unsupported: row.unsupported,
    leaving: row.leaving !== 0,
  }
}

/** Of the reason of a file that is missing. */
export const missingSince = ({ values }: Reason): number => Number(values?.since ?? 0)

function missingOf(rows: readonly { refused: string | null; count: number }[], known: number): MissingFiles | null {
  const groups = rows.flatMap(({ refused, count }) =>
    refused === null ? [] : [{ reason: JSON.parse(refused) as Reason, count: Number(count) }],
  )
  if (groups.length === 0) return null
  return {
    files: groups.reduce((sum, { count }) => sum + count, 0),
    known,
    since: Math.min(...groups.map(({ reason }) => missingSince(reason))),
    until: Math.max(...groups.map(({ reason }) => missingSince(reason))),
    asks: groups.some(({ reason }) => reason.code === 'file-gone'),
  }
}

function toFile(row: FollowedFileRow): FileRow {
  return {
    path: row.path,
    size: row.size,
    modifiedAt: row.modified_at,
    device: row.device,
    inode: row.inode,
    blob: row.blob,
    documentId: row.document_id,
    own: row.own !== 0,
    previousId: row.previous_id,
    refused: row.refused === null ? null : (JSON.parse(row.refused) as Reason),
  }
}

function fromFile(folderId: string, file: FileRow): FollowedFileRow {
  return {
    folder_id: folderId,
    path: file.path,
    size: file.size,
    modified_at: file.modifiedAt,
    device: file.device,
    inode: file.inode,
    blob: file.blob,
    document_id: file.documentId,
    own: file.own ? 1 : 0,
    previous_id: file.previousId,
    refused: file.refused && JSON.stringify(file.refused),
  }
}
