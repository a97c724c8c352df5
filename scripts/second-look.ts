/**
 * Files that failed beside all others run once more, each by itself, and that run counts: on a busy machine deadlines pass that say nothing about
 * the program. It is no pardon: what failed at first is told at the end, with its message, as a race shows itself just like that.
 */
import path from 'node:path'
import { parseCLI } from 'vitest/node'
import type { FailedFile, Report } from './failed-tests.ts'

/** More than a handful is no chance. */
const most = 8

/** What may be asked for without asking for another kind of run; of these the pattern alone is handed on. */
const ordinary = new Set([
  '--',
  'run',
  'color',
  't',
  'testNamePattern',
  'p',
  'project',
  'shard',
  'changed',
  'reporter',
  'maxWorkers',
  'fileParallelism',
])

/** The arguments of Vitest for a second look at what failed; undefined where there is none. */
export function secondLook(report: Report | undefined, args: readonly string[]): string[] | undefined {
  if (!report || report.interrupted || report.others.length > 0) return undefined
  if (report.files.length === 0 || report.files.length > most) return undefined
  const options = parseCLI(['vitest', 'run', ...args]).options as Record<string, unknown>
  if (Object.keys(options).some(name => !ordinary.has(name))) return undefined
  const { testNamePattern } = options
  return [
    ...report.files.map(file => file.path),
    '--no-file-parallelism',
    ...(typeof testNamePattern === 'string' ? [`--testNamePattern=${testNamePattern}`] : []),
  ]
}

/** What is said at the end: first what passed alone, as nothing else would show it. */
export function tellBoth(first: Report, second: Report | undefined, root: string): string {
  const again = new Map(second?.files.map(file => [file.path, file]))
  const alone = first.files.filter(file => !again.has(file.path))
  const twice = first.files.flatMap(file => again.get(file.path) ?? [])
  const parts: string[] = []
  if (second && alone.length > 0)
    parts.push(
      `FAILED BESIDE OTHERS, PASSED ALONE. The run counts as passed for these; look for a race, or a deadline that is too short:\n${list(alone, root)}`,
    )
  if (twice.length > 0) parts.push(`FAILED TWICE, beside others and alone:\n${list(twice, root)}`)
  if (!second) parts.push('The second look at what failed came to no end.\n')
  return parts.map(part => `\n${part}`).join('')
}

function list(files: readonly FailedFile[], root: string): string {
  let text = ''
  for (const { path: file, tests } of files) {
    const where = path.relative(root, file)
    if (tests.length === 0) text += `  ${where}\n`
    for (const { name, message } of tests)
      text += `  ${name === '' ? where : `${where} > ${name}`}\n${message.trimEnd().replace(/^/gm, '    ')}\n`
  }
  return text
}
