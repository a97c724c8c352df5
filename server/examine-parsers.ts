import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { onlyErrors } from '../shared/log.ts'
import type { Finding } from './commands/doctor.ts'
import { openParsers } from './compose.ts'
import type { Context } from './context.ts'
import { errorText } from './present.ts'

/** Whether a reading process starts and reads, and whether the PDF engine is there. */
export async function* examineParsers(context: Context): AsyncGenerator<Finding> {
  const { translate } = context
  yield pdfEngine(context)
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-doctor-'))
  const parsers = openParsers(context.config(), onlyErrors(context.log()))
  try {
    const file = path.join(folder, 'probe.txt')
    await writeFile(file, 'Cloister\n')
    const began = performance.now()
    for await (const _ of parsers.parse({ file, name: 'probe.txt', after: 0 }, context.signal));
    const seconds = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 2 })
    const time = seconds.format((performance.now() - began) / 1000)
    yield { name: 'parser', state: 'ok', text: translate('cli.doctor.parser', { seconds: time }) }
  } catch (error) {
    context.signal.throwIfAborted()
    context.log().error('parser does not start', { error })
    const detail = errorText(translate, error)
    yield { name: 'parser', state: 'bad', text: translate('cli.doctor.parserBad', { detail }) }
  } finally {
    await parsers.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function pdfEngine({ translate }: Context): Finding {
  try {
    const { version } = createRequire(import.meta.url)('pdfjs-dist/package.json') as { version: string }
    return { name: 'pdf', state: 'ok', text: translate('cli.doctor.pdf', { version }) }
  } catch {
    return { name: 'pdf', state: 'bad', text: translate('cli.doctor.pdfBad') }
  }
}
