import { AppError } from '../errors.ts'

/** Bytes of a line, above what a document of the largest size can bring forth in one row. */
const longest = 512 * 1024 * 1024

export interface LineSplitter {
  /** The values of the lines that this piece ends: JSON, a value a line. The piece may be used anew afterwards. */
  push(piece: Buffer): unknown[]
  /** There must be nothing left. */
  end(): void
}

/** Throws `backup-damaged` with the name for what is not JSON, a value a line. */
export function createLineSplitter(name: string): LineSplitter {
  let rest: Buffer[] = []
  let size = 0
  const damaged = (cause?: unknown) => new AppError('backup-damaged', { detail: name }, { cause })
  const parse = (line: string): unknown => {
    try {
      return JSON.parse(line)
    } catch (error) {
      throw damaged(error)
    }
  }
  return {
    push(piece) {
      const end = piece.lastIndexOf(10)
      if (end < 0) {
        rest.push(Buffer.from(piece))
        size += piece.length
        if (size > longest) throw damaged()
        return []
      }
      const whole = Buffer.concat([...rest, piece.subarray(0, end)])
      rest = [Buffer.from(piece.subarray(end + 1))]
      size = rest[0].length
      return whole.toString('utf8').split('\n').map(parse)
    },
    end() {
      if (size > 0) throw damaged()
    },
  }
}

export async function* readLines(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<unknown[]> {
  const lines = createLineSplitter(name)
  for await (const piece of pieces) {
    const values = lines.push(piece)
    if (values.length > 0) yield values
  }
  lines.end()
}
