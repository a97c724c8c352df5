/**
 * Words over 100,000 chunks: how long a search takes in a project of 10,000, and whether the main thread stays free while
 * one process ingests and searches.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openCore } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import type { Core } from '../shared/core.ts'
import type { Scope } from '../shared/model/index.ts'
import { atMost, type Bench, median, percentile, told } from './figure.ts'
import { buildLibrary } from './library.ts'
import { bigManuals, open } from './manuals.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const questions = 400
const warmUp = 40

export const bench: Bench = async ({ note }) => {
  await using folder = await createTemporaryFolder('search')
  const manuals = await bigManuals(note, folder.path)
  const { scopes, text, samples } = await buildLibrary(folder.path, { note })
  const [scope] = scopes
  const asked = Array.from({ length: questions + warmUp }, (_, at) =>
    text.question(samples[(at * 37) % samples.length]),
  )
  const log = {
    debug() {},
    info() {},
    warn: (message: string) => note(message),
    error: (message: string) => note(message),
  }
  const { core, close } = await openCore({ config: readConfig({ data: folder.path }), log })
  try {
    await timed(core, scope, asked.slice(0, warmUp))
    const alone = await timed(core, scope, asked.slice(warmUp))
    note(`searched alone: p50 ${median(alone.times).toFixed(1)} ms`)

    const delays = monitorEventLoopDelay({ resolution: 1 })
    delays.enable()
    core.start()
    for (const manual of manuals) await core.documents.add(scope, { name: manual.name, open: open(manual) })
    const settling = new AbortController()
    const settled = core.settled(scope).finally(() => settling.abort())
    const beside: number[] = []
    while (!settling.signal.aborted) beside.push(...(await timed(core, scope, asked.slice(0, 10))).times)
    await settled
    delays.disable()
    return [
      atMost('words, p95 in a project of 10,000 of 100,000 chunks', percentile(alone.times, 0.95), 'ms', 20),
      told('words, p50', median(alone.times), 'ms'),
      told('words, slowest', Math.max(...alone.times), 'ms'),
      told('passages found, share of questions', alone.found / questions, ''),
      atMost('main thread, longest delay while ingesting and searching', delays.max / 1e6, 'ms', 50),
      told('main thread, p99 of the delay', delays.percentile(99) / 1e6, 'ms'),
      told('words, p95 while ingesting', percentile(beside, 0.95), 'ms'),
      told('searches while ingesting', beside.length, ''),
    ]
  } finally {
    await close()
  }
}

async function timed(core: Core, scope: Scope, asked: readonly string[]): Promise<{ times: number[]; found: number }> {
  const times: number[] = []
  let found = 0
  for (const question of asked) {
    const started = performance.now()
    const passages = await core.search(scope, question)
    times.push(performance.now() - started)
    if (passages.length > 0) found += 1
  }
  return { times, found }
}
