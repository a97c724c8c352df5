import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useWords } from '../words.tsx'

/** Milliseconds without a key before the list is read anew. */
const pause = 200
/** Characters, as the server takes them. */
const longest = 200

/** Keeps to the documents with these words in their name. */
export function NameFilter({
  name: before,
  find,
  inForm = false,
}: {
  name: string
  find(name: string): void
  /** Among the fields of a form: smaller, and Enter does not send it. */
  inForm?: boolean
}) {
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
    <div className={`relative ${inForm ? 'mt-1' : 'mt-8'}`}>
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-3.5 size-4 -translate-y-1/2 text-soft" />
      <input
        type="search"
        {...(!inForm && { 'data-main-field': true })}
        aria-label={words('library.find')}
        placeholder={words('library.find')}
        maxLength={longest}
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (inForm && event.key === 'Enter') event.preventDefault()
          if (event.key !== 'Escape' || text === '') return
          event.preventDefault()
          setText('')
        }}
        className={`w-full border border-edge bg-surface pr-4 pl-10 ${inForm ? 'min-h-10 rounded-lg text-sm' : 'min-h-11 rounded-xl text-base'}`}
      />
    </div>
  )
}
