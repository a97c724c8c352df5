import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FailedFile, Report } from './failed-tests.ts'
import { runTests } from './run-tests.ts'
import { secondLook, tellBoth } from './second-look.ts'

const failed = (name: string, ...tests: FailedFile['tests']): FailedFile => ({ path: `/root/${name}`, tests })
const report = (files: FailedFile[], more: Partial<Report> = {}): Report => ({
  interrupted: false,
  others: [],
  files,
  ...more,
})
const few = report([failed('a.test.ts', { name: 'a > b', message: 'Error: no' })])

describe('a second look', () => {
  it('is had at the files that failed, one after the other, whatever was asked for at first', () => {
    const expected = ['/root/a.test.ts', '--no-file-parallelism']
    expect(secondLook(few, [])).toEqual(expected)
    expect(secondLook(few, ['a.test', 'other', '--shard=1/2', '--maxWorkers', '3', '--reporter=dot'])).toEqual(expected)
    expect(secondLook(few, ['-t', 'a pattern', 'a.test'])).toEqual([...expected, '--testNamePattern=a pattern'])
  })

  it('is not had where much failed, nothing that is known, or what is no file', () => {
    const files = (count: number) => Array.from({ length: count }, (_, at) => failed(`${at}.test.ts`))
    expect(secondLook(report(files(8)), [])).toHaveLength(9)
    expect(secondLook(report(files(9)), [])).toBeUndefined()
    expect(secondLook(report([]), [])).toBeUndefined()
    expect(secondLook(undefined, [])).toBeUndefined()
    expect(secondLook({ ...few, interrupted: true }, [])).toBeUndefined()
    expect(secondLook({ ...few, others: ['Error: a worker ended'] }, [])).toBeUndefined()
  })

  it.each(['--coverage', '--bail=1', '--config=other.ts', '--testTimeout=100', '--inspect'])(
    'is not had with %s',
    option => expect(secondLook(few, [option])).toBeUndefined(),
  )
})

it('tells what failed twice, and what passed alone with the message of its failure', () => {
  const both = failed('b.test.ts', { name: 'b', message: 'Error: two\nlines' })
  const second = report([failed('b.test.ts', { name: 'b', message: 'Error: again' })])
  const said = tellBoth(report([...few.files, both, failed('c.test.ts')]), second, '/root')
  const [, alone, twice] = /PASSED ALONE.*?:\n(.*)\nFAILED TWICE.*?:\n(.*)$/s.exec(said)!
  expect(alone).toBe('  a.test.ts > a > b\n    Error: no\n  c.test.ts\n')
  expect(twice).toBe('  b.test.ts > b\n    Error: again\n')
  expect(tellBoth(few, undefined, '/root')).toContain('came to no end')
})

describe('a run of real files', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'cloister-second-look-'))
    await writeFile(path.join(root, 'vitest.config.mjs'), 'export default { test: { globals: true } }')
    await writeFile(path.join(root, 'good.test.mjs'), `it('is good', () => {})`)
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  const write = (name: string, text: string) =>
    writeFile(
      path.join(root, name),
      `import { existsSync, writeFileSync } from 'node:fs'
       const second = existsSync(${JSON.stringify(path.join(root, name))} + '.seen')
       writeFileSync(${JSON.stringify(path.join(root, name))} + '.seen', '')
       ${text}`,
    )
  /** Without what says to Vitest that it runs in Vitest. */
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^VITEST|^TEST$|^MODE$/.test(name)))
  const run = () => runTests(['--reporter=dot'], { root, env, quiet: true })

  it('passes where what failed at first passes alone, and names it', async () => {
    await write(
      'test.test.mjs',
      `describe('of a suite', () => it('a test', () => { if (!second) throw new Error('the first time') }))`,
    )
    await write(
      'hook.test.mjs',
      `describe('a suite', () => { beforeAll(() => { if (!second) throw new Error('a hook') }); it('is', () => {}) })`,
    )
    await write('file.test.mjs', `if (!second) throw new Error('a file'); it('is', () => {})`)
    await write(
      'beside.test.mjs',
      `it('lets go', async () => { if (!second) { void Promise.reject(new Error('nobody hears')); await new Promise(resolve => setTimeout(resolve, 50)) } })`,
    )
    const { status, said } = await run()
    expect(said).toContain('PASSED ALONE')
    expect(said).not.toContain('TWICE')
    for (const told of [
      'test.test.mjs > of a suite > a test\n    Error: the first time',
      'hook.test.mjs > a suite\n    Error: a hook',
      'file.test.mjs\n    Error: a file',
      'beside.test.mjs > lets go\n    Error: nobody hears',
    ])
      expect(said).toContain(told)
    expect(status).toBe(0)
  })

  it('fails where one of them fails again', async () => {
    await write('once.test.mjs', `it('a test', () => { if (!second) throw new Error('the first time') })`)
    await write('always.test.mjs', `it('another', () => { throw new Error(second ? 'and again' : 'at first') })`)
    const { status, said } = await run()
    expect(status).toBe(1)
    expect(said).toContain('once.test.mjs > a test\n    Error: the first time')
    expect(said).toMatch(/TWICE.*always\.test\.mjs > another\n {4}Error: and again/s)
  })

  it('says nothing where all pass', async () => expect(await run()).toEqual({ status: 0, said: '' }))
})
