import type { ApiMachine } from '../../shared/api/index.ts'
import { useWords } from '../words.tsx'

/** The memory of this computer, and how much of it models may still take. */
export function MachineLine({ machine }: { machine: ApiMachine }) {
  const words = useWords()
  const { memory, free, cores } = machine
  const used = Math.max(0, memory - free)
  return (
    <div className="mt-6 max-w-xl">
      <p className="text-sm text-soft">
        {words('models.memory', { free: words.size(free), memory: words.size(memory) })}{' '}
        {words('models.cores', { count: cores })}
      </p>
      <div aria-hidden className="mt-2 h-1.5 overflow-hidden rounded-full bg-line">
        <div className="h-full origin-left bg-edge" style={{ transform: `scaleX(${used / memory})` }} />
      </div>
    </div>
  )
}
