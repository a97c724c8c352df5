import { styleText } from 'node:util'
import { padStart, toJson, toPlainSigns, widthOf } from './text.ts'

export type Style = Parameters<typeof styleText>[0]

/** Standard output and standard error, and the few lines at the bottom that change while something runs. */
export interface Terminal {
  /** Columns of standard output; undefined where it is no terminal. */
  readonly columns: number | undefined
  /** Whether somebody watches standard error: only then there is a live region. */
  readonly watched: boolean
  /** One line on standard output: results. */
  out(line?: string): void
  /** One line on standard error: what is not the result. */
  note(line: string): void
  /** The one object of `--json`. */
  json(value: object): void
  /** Whether it was written. */
  readonly answered: boolean
  /** Replaces the live region; no lines remove it. Nothing without a terminal. */
  live(lines: readonly string[]): void
  /** Coloured where standard output is a terminal that wants it (`NO_COLOR`). */
  paint(style: Style, text: string): string
  /** For the live region and notes. */
  paintNote(style: Style, text: string): string
  /** Resolves when everything written has left. */
  flush(): Promise<void>
}

const defaultColumns = 80

/** `broken` is called once: without an error when the reader of standard output is gone (`| head`). */
export function createTerminal({
  unicode,
  broken,
}: {
  unicode: boolean
  broken: (error: Error | undefined) => void
}): Terminal {
  const { stdout, stderr } = process
  let shown = 0
  let region: readonly string[] = []
  let gone = false
  let answered = false
  stdout.on('error', error => {
    if (gone) return
    gone = true
    const left = 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
    broken(left ? undefined : error)
  })
  // Nowhere left to say so.
  stderr.on('error', () => {})

  /** Removes the live region, so that a line can take its place. */
  function clear(): string {
    const erase = shown === 0 ? '' : `\x1b[${shown}A\x1b[J`
    shown = 0
    return erase
  }

  function draw(): void {
    const columns = stderr.columns || defaultColumns
    const rows = Math.max(1, (stderr.rows || 24) - 2)
    const lines = region.slice(0, rows).map(line => (stderr.isTTY && !unicode ? toPlainSigns(line) : line))
    const before = clear()
    // A line that would wrap counts double and the region would wander.
    const fitting = lines.filter(line => widthOf(stripStyle(line)) < columns)
    if (before || fitting.length > 0) stderr.write(before + fitting.map(line => `${line}\n`).join(''))
    shown = fitting.length
  }

  function write(stream: NodeJS.WriteStream, line: string): void {
    if (gone && stream === stdout) return
    const erase = clear()
    if (erase) stderr.write(erase)
    stream.write(`${stream.isTTY && !unicode ? toPlainSigns(line) : line}\n`)
    if (region.length > 0) draw()
  }

  return {
    get columns() {
      return stdout.isTTY ? stdout.columns || defaultColumns : undefined
    },
    watched: stderr.isTTY === true,
    out: (line = '') => write(stdout, line),
    note: line => write(stderr, line),
    json(value) {
      answered = true
      write(stdout, toJson(value))
    },
    get answered() {
      return answered
    },
    live(lines) {
      if (!stderr.isTTY || lines.join('\n') === region.join('\n')) return
      region = lines
      draw()
    },
    paint: (style, text) => styleText(style, text, { stream: stdout }),
    paintNote: (style, text) => styleText(style, text, { stream: stderr }),
    async flush() {
      for (const stream of [stdout, stderr]) {
        if (!stream.destroyed && !(gone && stream === stdout))
          await new Promise<void>(resolve => stream.write('', () => resolve()))
      }
    },
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of styleText
const stripStyle = (text: string) => text.replace(/\x1b\[[0-9;]*m/g, '')

/** `━━━━──────  40 %`, for a share of 0 to 1. */
export function bar(share: number, columns: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * columns)
  return `${'━'.repeat(full)}${'─'.repeat(columns - full)} ${padStart(`${Math.floor(Math.min(1, share) * 100)} %`, 5)}`
}
