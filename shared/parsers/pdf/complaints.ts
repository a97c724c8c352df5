/**
 * pdf.js reads on past what it does not understand, and says so on the console and nowhere else. Its words stand in the
 * source of 6.5; that they still do is tested.
 */

/** Of a page's operators, that some were no such, or that the rest was given up; of compressed bytes, that they end in nonsense. */
const lost = [
  // Behind a stream whose length is wrong, its own end is read.
  /^Warning: Unknown command "(?!end|obj)/,
  /^Warning: Skipping command (?:Tj|TJ|'|"|Tf|Td|TD|Tm|T\*):/,
  /^Warning: Unterminated string/,
  /^Warning: getTextContent - ignoring errors/,
  /^Warning: getContentStream - ignoring sub-stream/,
  /^Info: .*flate stream/,
  // Told by `bearOrphans`.
  /^Warning: nobody waited for /,
]

const PACKAGE = import.meta.resolve('pdfjs-dist/legacy/build/pdf.mjs').replace(/[^/]*$/, '')

/**
 * pdf.js lets go of promises that fail later: of what it reads ahead in a broken file. Nobody waits for them, and Node ends a
 * thread for that. From now on they are complaints like the others; what others let go of still ends it.
 */
export function bearOrphans(): void {
  if (!process.listeners('unhandledRejection').includes(bear)) process.on('unhandledRejection', bear)
}

function bear(reason: unknown): void {
  // The stack of its own exceptions is that of their prototype.
  if (!(reason instanceof Error) || !reason.stack?.includes(PACKAGE)) throw reason
  const { warn } = console
  warn(`Warning: nobody waited for ${reason.name}: ${reason.message}`)
}

/**
 * Listens to pdf.js from now on, on a console that is quiet about it: one document at a time, as a parser reads. `hear` is
 * called where text of a page was lost. What comes back ends it.
 */
export function hearComplaints(hear: (complaint: string) => void): () => void {
  const { info, warn } = console
  const instead =
    (before: typeof warn): typeof warn =>
    (...words) => {
      const [first] = words
      if (typeof first !== 'string' || !/^(?:Warning|Info): /.test(first)) before(...words)
      else if (lost.some(pattern => pattern.test(first))) hear(first.slice(0, 200))
    }
  console.info = instead(info)
  console.warn = instead(warn)
  return () => {
    console.info = info
    console.warn = warn
  }
}
