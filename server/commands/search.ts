import { AppError, reasonOf } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { withLibrary } from '../library.ts'
import { errorText, passageJson, reasonJson, sourceText } from '../present.ts'
import { prose, wrap } from '../text.ts'
import { startWork } from './ingest.ts'

export async function search(context: Context, words: string[], { limit }: { limit: number }): Promise<void> {
  const { terminal, translate } = context
  const text = words.join(' ')
  if (text.trim() === '') throw new AppError('question-empty')
  await withLibrary(context, {}, async library => {
    const work = await startWork(context, library)
    try {
      await work.done()
    } finally {
      work.stop()
    }
    const passages = await library.core.search(library.scope, text, { limit, signal: context.signal })
    const byWords = await library.core.byWords(library.scope)
    if (context.json) {
      const note = byWords && { byWords: reasonJson(translate, reasonOf(byWords)) }
      terminal.json({ passages: passages.map(passageJson), ...note })
      return
    }
    if (byWords) terminal.note(errorText(translate, byWords))
    if (passages.length === 0) terminal.out(translate('cli.search.nothing'))
    for (const [index, passage] of passages.entries()) {
      const columns = Math.min(terminal.columns ?? Number.POSITIVE_INFINITY, 100)
      if (index > 0) terminal.out()
      terminal.out(terminal.paint('bold', `[${index + 1}] ${sourceText(translate, passage)}`))
      for (const block of passage.text.split('\n').map(prose)) {
        for (const line of wrap(block, columns - 4)) terminal.out(`    ${line}`)
      }
    }
  })
}
