import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { access, constants, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Core, SearchMode } from '../../shared/core.ts'
import { AppError } from '../../shared/errors.ts'
import type { Row } from '../../shared/eval/figures.ts'
import { type GoldenCase, type GoldenFile, runGolden } from '../../shared/eval/golden.ts'
import { parseSet, type QuestionSet } from '../../shared/eval/sets.ts'
import { runSquad, type SquadCase } from '../../shared/eval/squad.ts'
import type { RunOptions, Subject } from '../../shared/eval/subject.ts'
import { type Pdftotext, readWitness } from '../../shared/eval/witness.ts'
import type { ModelRole, Scope } from '../../shared/model/index.ts'
import type { Log } from '../../shared/ports.ts'
import { openCore } from '../compose.ts'
import type { Config } from '../config.ts'
import type { Context } from '../context.ts'
import { table } from '../table.ts'
import { findModels } from './models.ts'

export interface EvalOptions {
  mode: string
  answers?: string
}

const modes: readonly SearchMode[] = ['words', 'vectors', 'hybrid']
const isMode = (mode: string): mode is SearchMode => (modes as readonly string[]).includes(mode)

/** Asks the questions of these sets, and prints how many were answered right. */
export async function evalCommand(
  context: Context,
  files: readonly string[],
  { mode, answers: wanted = '0' }: EvalOptions,
): Promise<void> {
  if (!isMode(mode)) throw new AppError('usage', { detail: `--mode ${mode}: ${modes.join(', ')}` })
  const answers = /^\d{1,6}$/.test(wanted) ? Number(wanted) : Number.NaN
  if (Number.isNaN(answers)) throw new AppError('usage', { detail: `--answers ${wanted}` })
  const { config, log, json, signal, terminal, translate } = context
  const { workingDirectory } = config()
  const roles: ModelRole[] = [
    ...(mode === 'words' ? [] : (['embedding', 'reranking'] as const)),
    ...(answers > 0 ? (['chat'] as const) : []),
  ]
  const entries = await findModels(context)
  for (const role of roles) {
    // A model the user named and that cannot be used is what to tell, not that there is none.
    const { name, problem } = entries.find(entry => entry.named && entry.path === namedFile(config(), role)) ?? {}
    if (problem) throw new AppError(problem.code, { name: name ?? '', ...problem.values })
  }
  const used = entries.flatMap(({ name, path: file, used: inUse, description }) =>
    inUse && description && roles.includes(description.role) ? [{ name, role: description.role, path: file }] : [],
  )
  if (answers > 0 && !used.some(({ role }) => role === 'chat'))
    throw new AppError('usage', { detail: translate('eval.noChat') })
  if (mode !== 'words' && !used.some(({ role }) => role === 'embedding'))
    throw new AppError('usage', { detail: translate('eval.noEmbedder', { mode }) })
  // Every set is read first: a mistake in the last one should not show after minutes.
  const sets: { file: string; set: QuestionSet }[] = []
  for (const named of files) {
    const file = path.resolve(workingDirectory, named)
    sets.push({ file, set: await readSet(file) })
  }
  const rows: Row[] = []
  let blind = false
  try {
    for (const { file, set } of sets) {
      const name = set.format === 'squad' ? `${set.name}.${set.lang}` : set.name
      terminal.live([translate('eval.reading', { set: name })])
      const progress = (done: number, total: number) =>
        terminal.live([translate('eval.progress', { set: name, done, total })])
      const result = await evaluate(file, set, {
        config: withModels(config(), used),
        log: log(),
        mode,
        answers,
        progress,
        signal,
      })
      rows.push(...result.rows)
      blind ||= result.witness === 'own'
    }
  } finally {
    terminal.live([])
  }
  if (blind) terminal.note(translate('eval.witness'))
  if (json) return terminal.json({ sets: rows, mode, models: used.map(({ name, role }) => ({ name, role })) })
  for (const { name, role } of used)
    terminal.note(translate('eval.model', { name, role: translate(`cli.models.${role}`) }))
  const shown = answers > 0 ? [...columns, ...answerColumns] : columns
  const head = shown.map(([title]) => title)
  const cells = rows.map(row => shown.map(([, value]) => value(row)))
  for (const line of table(terminal, head, cells, { right: [...shown.keys()].slice(3) })) terminal.out(line)
  if (rows.some(row => row.declined !== null && row.kind === null)) terminal.note(translate('eval.declining'))
}

export async function readSet(file: string): Promise<QuestionSet> {
  const name = path.basename(file)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw unreadable(name, error)
  }
  return parseSet(name, text)
}

export type Evaluated = { rows: Row[]; witness: 'pdftotext' | 'own' | 'none' } & (
  | { format: 'squad'; cases: SquadCase[] }
  | { format: 'golden'; cases: GoldenCase[] }
)

/** Measures one set in a core of its own over a temporary library. */
export async function evaluate(
  file: string,
  set: QuestionSet,
  { config, log, mode, ...options }: RunOptions & { config: Config; log: Log; mode: SearchMode },
): Promise<Evaluated> {
  const files = await filesOf(file, set)
  const { core, close, ...opened } = await openCore({ config, log, temporary: true })
  try {
    core.start()
    const project = opened.project ?? (await core.projects.find('local'))
    return await measure(core, { userId: 'local', projectId: project.id }, { set, files, mode, ...options })
  } finally {
    await close()
  }
}

/** In a core that is at work, over a project that is empty. */
export async function measure(
  core: Core,
  scope: Scope,
  { set, files, mode, ...options }: RunOptions & { set: QuestionSet; files: readonly GoldenFile[]; mode: SearchMode },
): Promise<Evaluated> {
  const subject = subjectOf(core, scope, mode, options.signal)
  if (set.format === 'squad') {
    const { rows, cases } = await runSquad(subject, set, options)
    return { format: 'squad', rows, cases, witness: 'none' }
  }
  const { rows, cases } = await runGolden(subject, set, files, options)
  const blind = files.some(({ name, witness }) => /\.pdf$/i.test(name) && witness === undefined)
  return { format: 'golden', rows, cases, witness: blind ? 'own' : 'pdftotext' }
}

const named = { chat: 'chatFile', embedding: 'embeddingFile', reranking: 'rerankingFile' } as const
const namedFile = ({ models }: Config, role: ModelRole) => models[named[role]]

/** These models and no others: what has no part in what is measured is not there. */
export function withModels(config: Config, used: readonly { role: ModelRole; path: string }[]): Config {
  const { contextSize, maxTokens, temperature, threads, idleTime } = config.models
  const files = Object.fromEntries(used.map(({ role, path: file }) => [named[role], file]))
  return { ...config, modelsFolder: '', models: { contextSize, maxTokens, temperature, threads, idleTime, ...files } }
}

function subjectOf(core: Core, scope: Scope, mode: SearchMode, signal: AbortSignal | undefined): Subject {
  return {
    add: async file => (await core.documents.add(scope, file, signal)).document,
    async settled() {
      await core.settled(scope, signal)
      if (mode !== 'words') await core.embedded(scope, signal)
    },
    document: id => core.documents.get(scope, id),
    segment: (id, number) => core.documents.segment(scope, id, number),
    delete: async id => void (await core.documents.delete(scope, id)),
    undo: async id => void (await core.documents.undo(scope, id)),
    search: (words, limit) => core.search(scope, words, { mode, limit, ...(signal && { signal }) }),
    ask: request => core.ask(scope, { ...request, search: mode }, signal),
  }
}

/** What the questions of a golden set are asked of; it lies in `real` beside the set's own file. */
export async function filesOf(setFile: string, set: QuestionSet): Promise<GoldenFile[]> {
  if (set.format !== 'golden') return []
  const folder = path.join(path.dirname(setFile), 'real')
  return Promise.all(
    set.files.map(async name => {
      const file = path.join(folder, name)
      await access(file, constants.R_OK).catch(error => {
        throw unreadable(file, error)
      })
      const witness = /\.pdf$/i.test(name) ? await readWitness(pdftotext, file) : undefined
      return { name, open: () => createReadStream(file), witness }
    }),
  )
}

function unreadable(file: string, error: unknown): AppError {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return new AppError(code === 'ENOENT' ? 'file-missing' : 'file-unreadable', { file }, { cause: error })
}

const mostOutput = 256 * 1024 * 1024

/** Not installed, or unable to read the file: no witness either way, and the outcome says so. */
const pdftotext: Pdftotext = args =>
  new Promise(resolve => {
    execFile('pdftotext', ['-enc', 'UTF-8', ...args], { encoding: 'utf8', maxBuffer: mostOutput }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    )
  })

const columns: [title: string, value: (row: Row) => string][] = [
  ['set', row => row.set],
  ['lang', row => row.lang],
  ['kind', row => row.kind ?? '–'],
  ['n', row => String(row.questions)],
  ['R@1', row => decimals(row.recall1)],
  ['R@5', row => decimals(row.recall5)],
  ['MRR@10', row => decimals(row.mrr10)],
  ['quote1', row => decimals(row.quote1)],
  ['quote3', row => decimals(row.quote3)],
  ['page5', row => decimals(row.page5)],
  ['literal', row => decimals(row.quotesLiteral)],
  ['rects', row => decimals(row.rectsRight)],
  ['declined', row => decimals(row.declined)],
  ['falsely', row => decimals(row.falselyDeclined)],
]

const answerColumns: typeof columns = [
  ['answers', row => String(row.answers)],
  ['written', row => decimals(row.written)],
  ['gold', row => decimals(row.writtenGold)],
  ['proven', row => decimals(row.proven)],
]

const decimals = (value: number | null) => (value === null ? '–' : value.toFixed(3))
