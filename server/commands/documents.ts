import { createInterface } from 'node:readline/promises'
import { AppError } from '../../shared/errors.ts'
import type { Document } from '../../shared/model/index.ts'
import type { Context } from '../context.ts'
import { type Library, withLibrary } from '../library.ts'
import { documentJson, receiptJson, shownState, stateOf, textOf, usageError } from '../present.ts'
import { table } from '../table.ts'
import { safe } from '../text.ts'
import { documentsUnderWay, isUnderWay, watchWork } from '../work.ts'
import { documentLines } from './document-lines.ts'

/** Verbs that change documents named by the user, and where those are looked for. */
const places = {
  delete: ['live'],
  cancel: ['live'],
  pause: ['live'],
  retry: ['live'],
  resume: ['live'],
  undo: ['trash'],
  purge: ['trash', 'live'],
} as const
export type DocumentVerb = keyof typeof places
/** After these there is work, and somebody should do it. */
const makeWork: readonly DocumentVerb[] = ['retry', 'resume', 'undo']

export async function listDocuments(context: Context, which: 'live' | 'trash'): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, {}, async library => {
    const { core, scope } = library
    const documents = await (which === 'live' ? core.documents.list(scope) : core.documents.trash(scope))
    if (context.json) {
      terminal.json({ documents: documents.map(document => documentJson(translate, document)) })
      return
    }
    if (documents.length === 0) {
      terminal.out(translate(which === 'live' ? 'cli.documents.none' : 'cli.documents.emptyTrash'))
      return
    }
    const ids = shortIds(documents)
    const rows = documents.map(document => [
      ids.get(document.id)!,
      stateOf(translate, which === 'live' ? shownState(document) : document.state),
      document.paged && document.segments !== null ? String(document.segments) : '',
      String(document.chunks),
      safe(document.path),
    ])
    const head = (['id', 'state', 'pages', 'chunks', 'file'] as const).map(name => translate(`cli.documents.${name}`))
    for (const line of table(terminal, head, rows, { right: [2, 3] })) terminal.out(line)
  })
}

export async function showDocument(context: Context, name: string): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, {}, async library => {
    const document = await findDocument(library, ['live', 'trash'], name)
    const receipt = await library.core.documents.receipt(library.scope, document.id)
    if (context.json) {
      terminal.json({
        document: documentJson(translate, document),
        receipt: receipt ? receiptJson(translate, receipt) : null,
      })
    } else for (const line of documentLines(context, document, receipt)) terminal.out(line)
  })
}

export async function changeDocuments(
  context: Context,
  verb: DocumentVerb,
  names: readonly string[],
  { wait = true, all = false, yes = false }: { wait?: boolean; all?: boolean; yes?: boolean } = {},
): Promise<void> {
  const { terminal, translate } = context
  // Either names or `--all`.
  if (names.length === 0 && !all) throw usageError(translate('cli.usage.namesOrAll'))
  if (names.length > 0 && all) throw usageError(translate('cli.usage.excess'))
  if (all) return changeAll(context, verb, wait)
  await withLibrary(context, { need: 'write' }, async library => {
    const { core, scope } = library
    // All are looked up before the first is touched, so that a slip of the pen changes nothing.
    const found = new Map<string, Document>()
    for (const name of names) {
      const document = await findDocument(library, places[verb], name)
      found.set(document.id, document)
    }
    const chosen = [...found.values()]
    /** Of each, how many files go with it. */
    const company = new Map<string, number>()
    if (verb === 'purge' || verb === 'delete')
      for (const { id } of chosen) company.set(id, await core.documents.company(scope, id))
    if (verb === 'purge' && !yes) await demandConsent(context, chosen, company)
    const changed: Document[] = []
    for (const { id } of chosen) {
      if (verb === 'purge') await core.documents.purge(scope, id)
      else changed.push(await core.documents[verb](scope, id))
    }
    if (makeWork.includes(verb)) {
      if (wait) await finish(context, library, changed)
      else if (changed.some(isUnderWay)) terminal.note(translate('cli.work.later'))
    }
    const latest = verb === 'purge' ? [] : await Promise.all(changed.map(({ id }) => core.documents.get(scope, id)))
    if (context.json) {
      const purged = chosen.map(({ id, path }) => ({ id, file: path, state: 'purged' }))
      terminal.json({
        documents: verb === 'purge' ? purged : latest.map(document => documentJson(translate, document)),
      })
      return
    }
    for (const { id, path } of verb === 'purge' ? chosen : [])
      terminal.out(`${safe(path)}: ${stateOf(translate, 'purged')}${withFiles(translate, company.get(id))}`)
    for (const document of latest) {
      const shown = stateOf(translate, shownState(document))
      const why = document.state === 'failed' && document.reason ? ` – ${textOf(translate, document.reason)}` : ''
      terminal.out(`${safe(document.path)}: ${shown}${withFiles(translate, company.get(document.id))}${why}`)
    }
    if (verb === 'delete') terminal.note(translate('cli.documents.deleted'))
  })
}

/** ` (mit 6 Dateien darin)` */
function withFiles(translate: Context['translate'], count = 0): string {
  return count > 0 ? ` ${translate('cli.documents.company', { count })}` : ''
}

/** What goes for good is named and asked about. Throws `usage` where nobody can be asked, `cancelled` after a no. */
async function demandConsent(
  { json, terminal, translate, signal }: Context,
  chosen: readonly Document[],
  company: ReadonlyMap<string, number>,
): Promise<void> {
  if (json || !process.stdin.isTTY) throw usageError(translate('cli.usage.consent'))
  for (const { id, path } of chosen) terminal.note(`${safe(path)}${withFiles(translate, company.get(id))}`)
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const said = await reader.question(translate('cli.documents.purgeAsk'), { signal })
    if (!/^(?:j|ja|y|yes)$/i.test(said.trim())) throw new AppError('cancelled')
  } finally {
    reader.close()
  }
}

async function changeAll(context: Context, verb: DocumentVerb, wait: boolean): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, { need: 'write' }, async library => {
    const { core, scope } = library
    const resumes = verb === 'resume'
    const count = await (resumes ? core.documents.resumeAll(scope) : core.documents.pauseAll(scope))
    if (context.json) terminal.json({ count })
    else terminal.out(translate(resumes ? 'cli.documents.resumed' : 'cli.documents.paused', { count }))
    if (!resumes || count === 0) return
    if (wait) {
      const open: Document[] = []
      for await (const document of documentsUnderWay(library)) open.push(document)
      await finish(context, library, open)
    } else terminal.note(translate('cli.work.later'))
  })
}

/** Waits until the work on them has ended. */
export async function finish(context: Context, library: Library, documents: readonly Document[]): Promise<void> {
  library.core.start()
  const work = watchWork(context, library)
  try {
    for (const { id } of documents) work.expect(id, () => {})
    await work.done()
  } finally {
    work.stop()
  }
}

type Place = 'live' | 'trash'

/**
 * By id, path, name or the beginning of an id: the first of these that fits anything decides.
 * Throws `document-not-found`, `document-ambiguous`.
 */
export async function findDocument(library: Library, places: readonly Place[], wanted: string): Promise<Document> {
  const text = wanted.normalize('NFC')
  const beginning = text.toLowerCase()
  const named = await matching(library, places, { called: text })
  const mayBegin = /^[\da-f-]{4,36}$/.test(beginning)
  const begun = mayBegin ? await matching(library, places, { beginning }) : []
  const ways = [
    begun.filter(({ id }) => id === text),
    named.filter(({ path }) => path === text),
    named.filter(({ name }) => name === text),
    begun,
  ]
  for (const found of ways) {
    if (found.length === 1) return found[0]
    if (found.length > 1) {
      const ids = found.slice(0, 5).map(({ id, path }) => `${path} (${id})`)
      throw new AppError('document-ambiguous', { id: wanted, ids: ids.join(', ') + (found.length > 5 ? ' …' : '') })
    }
  }
  throw new AppError('document-not-found', { id: wanted })
}

const pageSize = 200
/** What may be meant, from every place. */
async function matching(
  { core, scope }: Library,
  places: readonly Place[],
  naming: { called: string } | { beginning: string },
): Promise<Document[]> {
  const found: Document[] = []
  for (const place of places) {
    for (let after: string | null = null; ; ) {
      const filter = { ...naming, limit: pageSize, ...(place === 'trash' && { trashed: true }) }
      const page = await core.documents.page(scope, { ...filter, ...(after !== null && { after }) })
      found.push(...page.documents)
      if (page.next === null) break
      after = page.next
    }
  }
  return found
}

/** Beginnings of the ids, as long as it takes to tell them apart. Ids begin with the time, so short ones rarely do. */
export function shortIds(documents: readonly { id: string }[]): Map<string, string> {
  const ids = documents.map(({ id }) => id)
  let length = 8
  while (new Set(ids.map(id => id.slice(0, length))).size < new Set(ids).size) length++
  return new Map(ids.map(id => [id, id.slice(0, length)]))
}
