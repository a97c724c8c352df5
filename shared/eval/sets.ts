/**
 * Question sets as files: SQuAD format (paragraphs with their questions) and golden sets (questions over given files).
 */
import { z } from 'zod'
import { AppError } from '../errors.ts'

export interface SquadQuestion {
  id: string
  question: string
  /** Texts that answer it, each found in its paragraph; none for a question that has no answer there. */
  answers: string[]
}

export interface SquadSet {
  format: 'squad'
  name: string
  lang: string
  /** Same text = one paragraph, as in a library. */
  paragraphs: { text: string; questions: SquadQuestion[] }[]
}

/** Pages of one file that hold the answer, from 1. */
export interface GoldPages {
  file: string
  pages: number[]
}

export interface GoldenQuestion {
  id: string
  lang: string
  kind: string
  question: string
  /** The question it refers back to, asked before it in the same chat. */
  follows: string | null
  answerable: boolean
  /** Where the answer stands; all are right. */
  gold: GoldPages[]
  /** A stretch of the gold page that answers. */
  quote: string | null
}

export interface GoldenSet {
  format: 'golden'
  name: string
  files: string[]
  questions: GoldenQuestion[]
}

export type QuestionSet = SquadSet | GoldenSet

const squadSchema = z.object({
  data: z
    .array(
      z.object({
        paragraphs: z.array(
          z.object({
            context: z.string().trim().min(1),
            qas: z.array(
              z.object({
                id: z.union([z.string(), z.number()]).transform(String),
                question: z.string().trim().min(1),
                answers: z.array(z.object({ text: z.string() })).default([]),
                is_impossible: z.boolean().default(false),
              }),
            ),
          }),
        ),
      }),
    )
    .min(1),
})

const page = z.number().int().min(1)
const goldenSchema = z.object({
  source: z.object({ files: z.array(z.union([z.string().min(1), z.object({ file: z.string().min(1) })])).min(1) }),
  questions: z
    .array(
      z.object({
        id: z.union([z.string(), z.number()]).transform(String),
        lang: z.string().min(1),
        kind: z.string().min(1),
        question: z.string().trim().min(1),
        follows: z.union([z.string(), z.number()]).transform(String).nullish(),
        answerable: z.boolean(),
        file: z.string().nullish(),
        page: page.nullish(),
        pages: z.array(page).nullish(),
        also: z.array(z.object({ file: z.string(), pages: z.array(page) })).nullish(),
        quote: z.string().nullish(),
      }),
    )
    .min(1),
})

/**
 * The set in `text`. `file` is its name without folders, `<set>.<language>.json` or `<set>.json`. Throws
 * `eval-set-invalid` with `{file, detail}`.
 */
export function parseSet(file: string, text: string): QuestionSet {
  const invalid = (why: string) => new AppError('eval-set-invalid', { file, detail: why })
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error))
  }
  const [, name = file, language] = /^(.*?)(?:\.([a-z]{2}))?\.json$/i.exec(file) ?? []
  if (typeof value === 'object' && value !== null && 'data' in value) {
    if (language === undefined) throw invalid('no language in the name: <set>.<language>.json')
    return squadSet(name, language.toLowerCase(), check(squadSchema, value, invalid), invalid)
  }
  if (typeof value === 'object' && value !== null && 'questions' in value)
    return goldenSet(name, check(goldenSchema, value, invalid), invalid)
  throw invalid('neither "data" (SQuAD) nor "questions" (golden set)')
}

function check<T>(schema: z.ZodType<T>, value: unknown, invalid: (why: string) => AppError): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalid(`${issue.path.join('.')}: ${issue.message}`)
}

function squadSet(
  name: string,
  lang: string,
  { data }: z.infer<typeof squadSchema>,
  invalid: (why: string) => AppError,
): SquadSet {
  const paragraphs = new Map<string, SquadQuestion[]>()
  for (const { context, qas } of data.flatMap(article => article.paragraphs)) {
    const questions = qas.map(({ id, question, answers, is_impossible }) => {
      const texts = is_impossible ? [] : answers.map(answer => answer.text.trim()).filter(text => text !== '')
      const stray = texts.find(text => !collapse(context).includes(collapse(text)))
      if (stray !== undefined) throw invalid(`${id}: its answer is not in its paragraph: ${stray}`)
      return { id, question, answers: [...new Set(texts)] }
    })
    paragraphs.set(context, [...(paragraphs.get(context) ?? []), ...questions])
  }
  if (![...paragraphs.values()].some(questions => questions.length > 0)) throw invalid('no questions')
  return {
    format: 'squad',
    name,
    lang,
    paragraphs: [...paragraphs].map(([text, questions]) => ({ text, questions })),
  }
}

function goldenSet(
  name: string,
  { source, questions }: z.infer<typeof goldenSchema>,
  invalid: (why: string) => AppError,
): GoldenSet {
  const files = [...new Set(source.files.map(file => (typeof file === 'string' ? file : file.file)))]
  const known = new Set<string>()
  const parsed = questions.map(({ id, lang, kind, question, follows, answerable, quote, ...where }): GoldenQuestion => {
    if (known.has(id)) throw invalid(`${id}: this id is there twice`)
    if (follows != null && !known.has(follows))
      throw invalid(`${id}: follows ${follows}, which does not stand before it`)
    known.add(id)
    const gold = answerable ? goldPages(where) : []
    const stray = gold.find(({ file }) => !files.includes(file))
    if (stray) throw invalid(`${id}: ${stray.file} is not among source.files`)
    if (answerable && gold.length === 0) throw invalid(`${id}: answerable, but without file and page`)
    return { id, lang, kind, question, follows: follows ?? null, answerable, gold, quote: quote ?? null }
  })
  return { format: 'golden', name, files, questions: parsed }
}

type Question = z.infer<typeof goldenSchema>['questions'][number]

function goldPages({ file, page, pages, also }: Pick<Question, 'file' | 'page' | 'pages' | 'also'>): GoldPages[] {
  const own = [...new Set([...(page != null ? [page] : []), ...(pages ?? [])])]
  const first = file != null && own.length > 0 ? [{ file, pages: own }] : []
  return [...first, ...(also ?? []).filter(other => other.pages.length > 0)]
}

function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
