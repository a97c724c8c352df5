import type { Client } from '../shared/api/client.ts'

export interface Asked {
  /** Milliseconds to the passages. */
  passages: number
  /** From there to the first words of a model; absent where none wrote. */
  first?: number
  /** From the first words of a model to the last. */
  writing: number
  /** Sentences that a model completed. */
  sentences: number
}

/** Asks over HTTP and reads the answer to its end. Throws where no passages come, or no end. */
export async function ask(client: Client, projectId: string, question: string): Promise<Asked> {
  const started = performance.now()
  let passages: number | undefined
  let first: number | undefined
  let last = 0
  let sentences = 0
  let finished = false
  for await (const event of await client.answers.ask({ projectId, question })) {
    const now = performance.now() - started
    if (event.type === 'passages') passages = now
    if (event.type === 'draft' || event.type === 'sentence') {
      first ??= now
      last = now
    }
    if (event.type === 'sentence') sentences += 1
    if (event.type === 'finish') finished = true
  }
  if (passages === undefined || !finished) throw new Error('no passages, or no end')
  return {
    passages,
    ...(first !== undefined && { first: first - passages }),
    writing: last - (first ?? last),
    sentences,
  }
}
