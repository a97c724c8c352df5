import { Copy, Printer, RotateCw } from 'lucide-react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { useWords } from '../words.tsx'
import type { AnswerContent } from './answer-view.tsx'
import { textWithSources } from './copy.ts'
import { printAnswer } from './print-answer.ts'

export function AnswerActions({
  content,
  question,
  again,
}: {
  content: AnswerContent
  question: string
  again?: () => void
}) {
  const words = useWords()
  const { toasts, desktop } = useApp()
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(textWithSources(question, content, words))
      toasts.show(words('chat.copied'))
    } catch {
      toasts.show(words('chat.copyFailed'))
    }
  }
  return (
    <div className="mt-3 -ml-3 flex flex-wrap print:hidden">
      {content.citations.length > 0 && (
        <Button look="quiet" onClick={() => void copy()}>
          <Copy aria-hidden className="size-4" />
          {words('chat.copy')}
        </Button>
      )}
      <Button
        look="quiet"
        onClick={({ currentTarget }) => {
          const turn = currentTarget.closest('article')
          if (turn) void printAnswer(turn, desktop?.bridge)
        }}
      >
        <Printer aria-hidden className="size-4" />
        {words('chat.print')}
      </Button>
      {again && (
        <Button look="quiet" onClick={again}>
          <RotateCw aria-hidden className="size-4" />
          {words('chat.again')}
        </Button>
      )}
    </div>
  )
}
