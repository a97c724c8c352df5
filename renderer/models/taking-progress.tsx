import type { Desktop } from '../desktop.ts'
import { Bar } from '../parts/bar.tsx'
import { Button } from '../parts/button.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** Models that main is taking over from a folder, from here or from its menu; what has become of it main says itself. */
export function TakingProgress({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const taking = useStore(desktop.taking)
  if (!taking) return null
  const { file, part } = taking
  const text = words('desktop.taking', { file, percent: Math.floor(100 * part) })
  return (
    <div className="mt-6 flex items-center gap-4 rounded-xl border border-line bg-surface px-4 py-3 text-sm">
      <div className="min-w-0 grow">
        <p className="mb-2 wrap-anywhere" role="status">
          {text}
        </p>
        <Bar label={text} share={part} />
      </div>
      <Button look="quiet" onClick={() => void desktop.bridge.stopTakingModels()}>
        {words('upload.stop')}
      </Button>
    </div>
  )
}
