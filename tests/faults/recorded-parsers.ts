import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ParseEvent, ParseRequest, Parsers } from '../../shared/ports.ts'

/**
 * What real parser processes say of each file, told again as often as it is asked for: starting one takes longer than the
 * whole of a small ingestion.
 */
export function createRecordedParsers(real: Parsers, folder: string): Parsers {
  const recordings = new Map<string, Promise<ParseEvent[]>>()

  async function record({ file, name }: ParseRequest): Promise<ParseEvent[]> {
    const scratch = await mkdtemp(path.join(folder, 'taken-out-'))
    const events: ParseEvent[] = []
    for await (const event of real.parse({ file, name, after: 0, filesAfter: 0, scratch })) {
      if (event.type !== 'file' || !event.file) {
        events.push(event)
        continue
      }
      // The host removes what it has taken. Two files may be recorded at a time.
      const kept = `${scratch}-${events.length}`
      await copyFile(path.join(scratch, path.basename(event.file)), kept)
      events.push({ ...event, file: kept })
    }
    return events
  }

  return {
    mediaType: name => real.mediaType(name),
    isContainer: name => real.isContainer(name),
    async *parse(request) {
      // A blob's path names its bytes.
      const key = request.file.split(path.sep).slice(-2).join('')
      const recording = recordings.get(key) ?? record(request)
      recordings.set(key, recording)
      for (const event of await recording) {
        if (event.type === 'segment' && event.segment.number <= request.after) continue
        if (event.type !== 'file') {
          yield structuredClone(event)
          continue
        }
        if (event.number <= (request.filesAfter ?? 0)) continue
        const { file, ...rest } = event
        if (!file || !request.scratch) {
          yield rest
          continue
        }
        await mkdir(request.scratch, { recursive: true })
        const taken = path.join(request.scratch, path.basename(file))
        await writeFile(taken, await readFile(file))
        yield { ...rest, file: path.basename(file) }
      }
    },
    recognize: request => real.recognize(request),
    async close() {},
  }
}
