/**
 * Builds the program for the tests of this run, anew each time. It takes 5 s of the processor, and every command that tests start takes
 * half a second less of it.
 */
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { buildServer } from '../scripts/build-server.ts'

const cache = path.join(import.meta.dirname, '../node_modules/.cache')

/** Once for all projects of the run, each of which reads this file anew. */
const built = Symbol.for('cloister.program')
const shared = globalThis as { [built]?: ReturnType<typeof build> }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared[built] ??= build()
  const { main, release } = await shared[built]
  project.provide('program', main)
  return release
}

async function build(): Promise<{ main: string; release(): Promise<void> }> {
  const { folder, release } = await freeFolder()
  const { main } = await buildServer(folder)
  return { main, release }
}

/** One that no other run uses. Their names come again, as Node's cache of compiled code goes by them. */
async function freeFolder(): Promise<{ folder: string; release(): Promise<void> }> {
  await mkdir(cache, { recursive: true })
  for (let number = 1; ; number++) {
    const folder = path.join(cache, `cloister-tests-${number}`)
    const taken = `${folder}.pid`
    if (!(await lives(taken))) await clear(taken)
    if (await take(taken)) return { folder, release: () => rm(taken, { force: true }) }
  }
}

const own = `.${process.pid}`

/** With its content from the first moment: who sees the file must not take it for one of nobody. */
async function take(taken: string): Promise<boolean> {
  const whole = taken + own
  await writeFile(whole, String(process.pid))
  try {
    await link(whole, taken)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(whole, { force: true })
  }
}

/** Takes away what a run that is dead left, but not what another has put there since. */
async function clear(taken: string): Promise<void> {
  const aside = `${taken}${own}.old`
  const moved = await rename(taken, aside).then(
    () => true,
    () => false,
  )
  if (!moved) return
  if (await lives(aside)) await link(aside, taken).catch(() => {})
  await rm(aside, { force: true })
}

async function lives(taken: string): Promise<boolean> {
  const pid = Number(await readFile(taken, 'utf8').catch(() => ''))
  if (!pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
