import type { Passage } from '../../shared/model/index.ts'
import { inWords } from '../mail-lines.ts'
import { useWords } from '../words.tsx'
import { useOpenPassage } from './open-place.ts'

/** A passage in a list, on one line or to be read; opens its page. */
export function PassageItem({ passage, long = false }: { passage: Passage; long?: boolean }) {
  const words = useWords()
  const open = useOpenPassage(passage)
  const { file, headings } = passage
  const place = words.place(passage)
  const text = inWords(withoutFirst(passage.text, place), words)
  const name = file.slice(file.lastIndexOf('/') + 1)
  const folder = file.slice(0, -name.length)
  return (
    <li>
      {long ? (
        <button
          type="button"
          onClick={open}
          className="-mx-3 block w-[calc(100%+1.5rem)] rounded-xl px-3 py-4 text-left wrap-anywhere hover:bg-sunken"
        >
          <span className="block text-sm font-medium">{words('chat.passage', { file, place })}</span>
          {headings.length > 0 && <span className="block truncate text-xs text-soft">{headings.join(' › ')}</span>}
          <span className="read-measure mt-1.5 line-clamp-4 font-serif text-base whitespace-pre-line">{text}</span>
        </button>
      ) : (
        <button
          type="button"
          onClick={open}
          className="flex w-full flex-wrap items-baseline gap-x-3 rounded-xl px-3.5 py-2 text-left text-sm hover:bg-sunken sm:flex-nowrap"
        >
          <span
            className="flex max-w-full shrink-0 font-medium sm:max-w-[60%]"
            title={words('chat.passage', { file, place })}
          >
            {/* Of what is too long, the folders go first, and the file's name last. */}
            {folder && <span className="min-w-0 shrink-[9999] truncate text-soft">{folder}</span>}
            <span className="min-w-0 shrink truncate">{name}</span>
            <span className="min-w-0 shrink-[3] truncate whitespace-pre">, {place}</span>
          </span>
          <span className="max-w-full min-w-0 truncate text-soft">{text}</span>
        </button>
      )}
    </li>
  )
}

/** A heading that is named as the place need not stand in the text again. */
function withoutFirst(text: string, heading: string): string {
  return text.startsWith(`${heading}\n`) ? text.slice(heading.length + 1) : text
}
