import { AppError } from '../errors.ts'

/** Bytes of a line, above what a document of the largest size can bring forth in one row. */
const longest = 512 * 1024 * 1024

/** JSON, a value a line, some at a time. Throws `backup-damaged` with the name for what is none. */
export async function* readLines(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<unknown[]> {
  let rest: Buffer[] = []
  let size = 0
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(10)
    if (end < 0) {
      rest.push(Buffer.from(piece))
      size += piece.length
      if (size > longest) throw new AppError('backup-damaged', { detail: name })
      continue
    }
    const whole = Buffer.concat([...rest, piece.subarray(0, end)])
    rest = [Buffer.from(piece.subarray(end + 1))]
    size = rest[0].length
    yield whole
      .toString('utf8')
      .split('\n')
      .map(line => parse(line, name))
  }
  if (size > 0) throw new AppError('backup-damaged', { detail: name })
}

function parse(line: string, name: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new AppError('backup-damaged', { detail: name }, { cause: error })
  }
}
