import { readGround } from '../../shared/answer/ground.ts'
import { findSupport } from '../../shared/answer/support.ts'
import { analyzeQuestion } from '../../shared/retrieve/question.ts'
import type { Honest } from './honest.ts'
import { libraryOf } from './library.ts'

/** Those of the sentences that are found to be proven by the text of their file. */
export function provenOf(set: readonly Honest[], textOf: (file: string) => string): string[] {
  const found = set.filter(({ file, question, answer }) => {
    const { chunks } = libraryOf({ [file]: textOf(file) })
    const ground = readGround(chunks.map((chunk, at) => ({ number: at + 1, chunk, start: 0, end: chunk.text.length })))
    return findSupport(answer, analyzeQuestion(question).language, ground, ground.sources, question)
  })
  return found.map(({ answer }) => answer)
}
