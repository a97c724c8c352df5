import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { AppError } from '../../shared/errors.ts'
import type { Translate } from '../../shared/messages/index.ts'
import type { FolderStatus, MissingFiles } from '../../shared/model/index.ts'
import type { Context } from '../context.ts'
import { withLibrary } from '../library.ts'
import { reasonJson, textOf, usageError } from '../present.ts'
import { table } from '../table.ts'
import { safe } from '../text.ts'

export async function listFolders(context: Context): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, {}, async ({ core, scope }) => {
    const folders = await core.folders.list(scope)
    if (context.json) {
      terminal.json({ folders: folders.map(folder => folderJson(context, folder)) })
      return
    }
    if (folders.length === 0) {
      terminal.out(translate('cli.folders.none'))
      return
    }
    const head = (['path', 'state', 'files', 'problems', 'unsupported'] as const).map(name =>
      translate(`cli.folders.${name}`),
    )
    const rows = folders.map(({ path, state, files, problems, unsupported }) => [
      safe(path),
      translate(`cli.folders.states.${state}`),
      String(files),
      String(problems),
      unsupported === null ? '–' : String(unsupported),
    ])
    for (const line of table(terminal, head, rows, { right: [2, 3, 4] })) terminal.out(line)
    for (const { path, reason, missing } of folders) {
      if (reason) terminal.note(`${safe(path)}: ${textOf(translate, reason)}`)
      if (missing) terminal.note(`${safe(path)}: ${missingText(translate, missing)}`)
    }
  })
}

/** Where no server runs, what is in the folder is taken in now; what changes later, when one does. */
export async function followFolder(
  context: Context,
  named: string,
  { ignore = [], wait }: { ignore?: string[]; wait: boolean },
): Promise<void> {
  const { terminal, translate, signal } = context
  const folder = path.resolve(context.config().workingDirectory, named)
  await withLibrary(context, { need: 'manage' }, async ({ core, scope }) => {
    const { id, path: place } = await core.folders.follow(scope, { path: folder, ignore })
    if (!context.json) terminal.out(translate('cli.folders.followed', { path: safe(place) }))
    if (wait) {
      core.start()
      core.folders.start()
      await core.folders.settled(scope, signal)
      await core.settled(scope, signal)
    }
    const status = (await core.folders.list(scope)).find(one => one.id === id)
    if (context.json) terminal.json({ folder: status ? folderJson(context, status) : null })
    else {
      if (status?.reason) terminal.note(textOf(translate, status.reason))
      terminal.note(translate('cli.folders.later'))
    }
  })
}

/**
 * Where no server runs, the folder is looked through first: what is back by then is not missing, and what went since somebody was asked
 * is refused.
 */
export async function decideOnMissing(
  context: Context,
  named: string,
  { keepDocuments, trashDocuments }: { keepDocuments?: boolean; trashDocuments?: boolean },
): Promise<void> {
  const { terminal, translate, signal } = context
  if (!keepDocuments === !trashDocuments) throw usageError(translate('cli.folders.choose'))
  await withLibrary(context, { need: 'manage' }, async ({ core, scope }) => {
    const { id, path, missing } = await findFolder(context, core.folders.list(scope), named)
    const { files, until } = missing ?? { files: 0, until: 0 }
    core.start()
    core.folders.start()
    await core.folders.settled(scope, signal)
    await core.folders.missing(scope, id, keepDocuments ? 'keep' : 'trash', { files, until })
    await core.folders.settled(scope, signal)
    if (context.json) terminal.json({ folder: { id, path }, documents: keepDocuments ? 'kept' : 'trashed' })
    else terminal.out(translate(keepDocuments ? 'cli.folders.awaited' : 'cli.folders.removed', { path: safe(path) }))
  })
}

export async function unfollowFolder(
  context: Context,
  named: string,
  { keepDocuments, trashDocuments }: { keepDocuments?: boolean; trashDocuments?: boolean },
): Promise<void> {
  const { terminal, translate, signal } = context
  if (keepDocuments && trashDocuments) throw usageError(translate('cli.folders.choose'))
  await withLibrary(context, { need: 'manage' }, async ({ core, scope }) => {
    const folder = await findFolder(context, core.folders.list(scope), named)
    const keep = keepDocuments || (!trashDocuments && (await askToKeep(context)))
    await core.folders.unfollow(scope, folder.id, keep ? 'keep' : 'trash')
    // A server goes on by itself; without one this process does.
    await core.folders.settled(scope, signal)
    if (context.json)
      terminal.json({ folder: { id: folder.id, path: folder.path }, documents: keep ? 'kept' : 'trashed' })
    else terminal.out(translate(keep ? 'cli.folders.kept' : 'cli.folders.trashed', { path: safe(folder.path) }))
  })
}

/** By its path or its id. Throws `folder-not-found`. */
async function findFolder(context: Context, folders: Promise<FolderStatus[]>, named: string): Promise<FolderStatus> {
  const place = path.resolve(context.config().workingDirectory, named)
  const found = (await folders).find(({ id, path }) => id === named || path === place || path === named)
  if (!found) throw new AppError('folder-not-found', { id: named })
  return found
}

function missingText(translate: Translate, { files, known, since, asks }: MissingFiles): string {
  const time = new Intl.DateTimeFormat(translate.language, { dateStyle: 'long', timeStyle: 'short' })
  const number = new Intl.NumberFormat(translate.language)
  const text = translate('cli.folders.missing', {
    files: number.format(files),
    known: number.format(known),
    since: time.format(since),
  })
  return asks ? `${text} ${translate('cli.folders.missingAsk')}` : text
}

/** Throws `usage` where nobody can be asked. */
async function askToKeep({ json, translate, signal }: Context): Promise<boolean> {
  if (json || !process.stdin.isTTY) throw usageError(translate('cli.folders.choose'))
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const said = (await reader.question(translate('cli.folders.ask'), { signal })).trim()
    if (/^(?:j|ja|y|yes)$/i.test(said)) return true
    if (/^(?:n|nein|no)$/i.test(said)) return false
    throw new AppError('cancelled')
  } finally {
    reader.close()
  }
}

function folderJson({ translate }: Context, folder: FolderStatus): object {
  const { id, path, ignore, state, reason, files, problems, missing, unsupported, createdAt } = folder
  return {
    id,
    path,
    ignore,
    state,
    reason: reasonJson(translate, reason),
    files,
    problems,
    missing: missing && {
      ...missing,
      since: new Date(missing.since).toISOString(),
      until: new Date(missing.until).toISOString(),
    },
    unsupported,
    createdAt: new Date(createdAt).toISOString(),
  }
}
