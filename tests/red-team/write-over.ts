import { cite } from '../../shared/answer/cite.ts'
import { chooseStretches, numbered } from '../../shared/answer/sources.ts'
import { nothingWritten, type Written, write } from '../../shared/answer/write.ts'
import type { AnswerEvent } from '../../shared/model/index.ts'
import { analyzeQuestion } from '../../shared/retrieve/question.ts'
import { libraryOf } from './library.ts'
import { type Said, type SpokenModel, spokenModel } from './spoken-model.ts'

export interface WrittenOver {
  events: AnswerEvent[]
  written: Written
  model: SpokenModel
  failure: unknown
}

/** What comes out when a model says this about these files; all of their text is given to it, as far as it fits. */
export async function writeOver(
  files: Record<string, string>,
  question: string,
  said: readonly Said[],
  options: { signal?: AbortSignal; budget?: number; maxTokens?: number; unified?: 'stop' | 'length' | 'error' } = {},
): Promise<WrittenOver> {
  const { chunks, segments } = libraryOf(files)
  const hits = chunks.map(chunk => ({ chunk, score: 1, rank: 1, before: null, after: null }))
  const sources = numbered(chooseStretches(hits, [], options.budget ?? 4000))
  const { signal, unified, maxTokens = 512 } = options
  const model = spokenModel([said], { ...(unified && { unified }) })
  const written = nothingWritten()
  const events: AnswerEvent[] = []
  let failure: unknown
  const { language } = analyzeQuestion(question)
  try {
    const writing = {
      chat: model,
      maxTokens,
      prompt: [],
      sources,
      question,
      language,
      prove: async ({ chunk }: { chunk: (typeof chunks)[number] }, start: number, end: number) =>
        cite(chunk, start, end, segments.get(chunk.documentId) ?? []),
      ...(signal && { signal }),
    }
    for await (const event of write(writing, written)) events.push(event)
  } catch (error) {
    failure = error
  }
  return { events, written, model, failure }
}
