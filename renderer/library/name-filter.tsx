import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useWords } from '../words.tsx'

/** Milliseconds without a key before the list is read anew. */
const pause = 200
/** Characters, as the server takes them. */
const longest = 200

/** Keeps to the documents with these words in their name. */
export function NameFilter({ name: before, find }: { name: string; find(name: string): void }) {
  const words = useWords()
  const [text, setText] = useState(before)
  const told = useRef(before)
  useEffect(() => {
    const name = text.trim()
    if (name === told.current) return
    const timer = setTimeout(() => {
      told.current = name
      find(name)
    }, pause)
    return () => clearTimeout(timer)
  }, [text, find])
  return (
    <div className="relative mt-8">
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-3.5 size-4 -translate-y-1/2 text-soft" />
      <input
        type="search"
        data-main-field
        aria-label={words('library.find')}
        placeholder={words('library.find')}
        maxLength={longest}
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (event.key !== 'Escape' || text === '') return
          event.preventDefault()
          setText('')
        }}
        className="min-h-11 w-full rounded-xl border border-edge bg-surface pr-4 pl-10 text-base"
      />
    </div>
  )
}
