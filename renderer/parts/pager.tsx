import { useWords } from '../words.tsx'
import { Button } from './button.tsx'

/** Where one is in a long list. Nothing when it fits on one page. */
export function Pager({
  from,
  shown,
  total,
  previous,
  next,
}: {
  /** How many stand before this page. */
  from: number
  shown: number
  total: number
  previous: (() => void) | null
  next: (() => void) | null
}) {
  const words = useWords()
  if (!previous && !next) return null
  const move = (run: (() => void) | null) => () => {
    run?.()
    const main = document.getElementById('main')
    if (main) main.scrollTop = 0
  }
  return (
    <div className="mt-4 flex items-center justify-between gap-4 text-sm text-soft">
      <span>{shown > 0 && words('app.range', { from: from + 1, to: from + shown, total })}</span>
      <span className="flex gap-2">
        <Button disabled={!previous} onClick={move(previous)}>
          {words('app.previous')}
        </Button>
        <Button disabled={!next} onClick={move(next)}>
          {words('app.next')}
        </Button>
      </span>
    </div>
  )
}
