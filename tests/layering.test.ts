import { describe, expect, it } from 'vitest'
import { findViolations } from './layering.ts'
import { readSources } from './sources.ts'

describe('layering', () => {
  it('holds for every file', async () => {
    const files = await readSources()
    expect(files.has('shared/ports.ts')).toBe(true)
    expect(files.size).toBeGreaterThan(50)
    expect(findViolations(files)).toEqual([])
  })

  const wrong = (file: string, text: string) => findViolations(new Map([[file, text]]))
  const importing = (file: string, target: string) => wrong(file, `import { x } from '${target}'`).length > 0

  it.each([
    ['shared/model/a.ts', '../errors.ts'],
    ['shared/errors.ts', './ports.ts'],
    ['shared/ports.ts', './store/index.ts'],
    ['shared/messages/index.ts', '../ports.ts'],
    ['shared/store/a.ts', '../ingest/a.ts'],
    ['shared/store/deep/down/a.ts', '../../../queue/lease.ts'],
    ['shared/ingest/a.ts', '../retrieve/analyze.ts'],
    ['shared/retrieve/a.ts', '../answer/ask.ts'],
    ['shared/answer/a.ts', '../db/sqlite/index.ts'],
    ['shared/answer/a.ts', '../eval/a.ts'],
    ['shared/eval/a.ts', '../core.ts'],
    ['shared/core.ts', './blobs/folder.ts'],
    ['shared/queue/a.ts', '../db/sqlite/index.ts'],
    ['shared/blobs/a.ts', '../store/index.ts'],
    ['shared/parsers/a.ts', '../core.ts'],
    ['shared/parsers/a.ts', '../../server/config.ts'],
    ['server/a.ts', '../main/index.ts'],
    ['main/a.ts', '../server/main.ts'],
    ['renderer/a.tsx', '../shared/ports.ts'],
    ['renderer/a.tsx', '../shared/core.ts'],
    ['renderer/a.tsx', 'node:fs'],
    ['server/a.ts', '../tests/open-store.ts'],
    ['server/a.ts', '../shared/db/contract.ts'],
    ['shared/jobs/a.ts', '../../outside.ts'],
    ['shared/jobs/a.ts', '../../../outside.ts'],
    ['shared/jobs/a.test.ts', '../../server/config.ts'],
    ['main/windows.ts', 'electron'],
    ['shared/core.ts', 'electron/main'],
    ['shared/core.ts', 'express'],
    ['server/a.ts', 'react-dom/server'],
    ['shared/ingest/a.ts', 'kysely'],
    ['shared/novel/a.ts', '../model/index.ts'],
  ])('%s may not import %s', (file, target) => {
    expect(importing(file, target)).toBe(true)
  })

  it.each([
    ['shared/errors.ts', './model/index.ts'],
    ['shared/ports.ts', './model/index.ts'],
    ['shared/store/migrations/sqlite/a.ts', '../../../ports.ts'],
    ['shared/ingest/a.ts', '../store/index.ts'],
    ['shared/ingest/a.ts', './deep/b.ts'],
    ['shared/answer/a.ts', '../retrieve/analyze.ts'],
    ['shared/core.ts', './answer/ask.ts'],
    ['shared/queue/a.ts', '../messages/index.ts'],
    ['server/a.ts', '../shared/db/sqlite/index.ts'],
    ['server/a.ts', '../shared/core.ts'],
    ['server/http.ts', 'express'],
    ['main/preload.ts', 'electron'],
    ['renderer/a.tsx', '../shared/api/index.ts'],
    ['renderer/a.tsx', 'react'],
    ['shared/queue/a.test.ts', '../db/sqlite/index.ts'],
    ['shared/store/a.test.ts', '../../tests/open-store.ts'],
    ['shared/store/a.ts', 'kysely'],
    ['shared/ingest/a.ts', 'node:fs'],
  ])('%s may import %s', (file, target) => {
    expect(importing(file, target)).toBe(false)
  })

  it.each([
    `import '../queue/lease.ts'`,
    `import type { Owner } from '../queue/lease.ts'`,
    `import { type Owner } from\n  "../queue/lease.ts"`,
    `export * from '../queue/lease.ts'`,
    `export { leaseTime } from '../queue/lease.ts'`,
    `export type { Owner } from '../queue/lease.ts'`,
    `const queue = await import('../queue/lease.ts')`,
    'const queue = await import(`../queue/lease.ts`)',
    `const queue = await import(name)`,
    `type Owner = import('../queue/lease.ts').Owner`,
    `new Worker(new URL('../queue/lease.ts', import.meta.url))`,
    `import.meta.resolve('../queue/lease.ts')`,
    `const queue = require('../queue/lease.ts')`,
  ])('sees %s', text => {
    expect(wrong('shared/ingest/a.ts', `const a = 1\n${text}`)).toEqual([
      expect.stringMatching(/^shared\/ingest\/a\.ts:2 imports /),
    ])
  })

  it('is not misled by what only looks like an import', () => {
    const text = `// import '../queue/lease.ts'
      /* export * from '../queue/lease.ts' */
      const text = "import '../queue/lease.ts'; process.env.HOME; let x: any"
      const more = \`import('../queue/lease.ts')\`
      const first = Promise.any([])
      const any = 1
      const { stdout } = process
      const env = { process: { title: '' } }.process.title
      new URL('../queue/lease.ts', 'https://example.org')`
    expect(wrong('shared/ingest/a.ts', text)).toEqual([])
  })

  it('says what would be allowed', () => {
    const [message] = wrong('shared/blobs/a.ts', `import { x } from '../db/sqlite/index.ts'`)
    expect(message).toBe(
      'shared/blobs/a.ts:1 imports shared/db/sqlite/index.ts. shared/blobs may import: shared/model, shared/errors.ts, shared/messages, shared/ports.ts, shared/files, itself',
    )
  })

  it.each([
    'process.env.HOME',
    `process['env']`,
    'globalThis.process.env',
    'const { env } = process',
    'const { stdout, ...rest } = process',
    `import { env } from 'node:process'`,
  ])('lets only the hosts read the environment: %s', text => {
    expect(wrong('shared/core.ts', text)).toEqual([expect.stringContaining('process.env')])
    expect(wrong('server/main.ts', text)).toEqual([expect.stringContaining('process.env')])
    expect(wrong('server/config.ts', text)).toEqual([])
    expect(wrong('server/a.test.ts', text)).toEqual([])
  })

  it('lets types of kysely through, and nothing else of it', () => {
    const of = (text: string) => wrong('shared/ports.ts', text).length
    expect(of(`import type { Dialect } from 'kysely'`)).toBe(0)
    expect(of(`import { type Dialect } from 'kysely'`)).toBe(0)
    expect(of(`import { type Dialect, sql } from 'kysely'`)).toBe(1)
    expect(of(`import 'kysely'`)).toBe(1)
    expect(of(`export { sql } from 'kysely'`)).toBe(1)
  })

  it('refuses any, wherever a type stands', () => {
    for (const text of ['let x: any', 'const x = y as any', 'type A = Map<string, any[]>', 'function f(a: any) {}'])
      expect(wrong('server/a.ts', text)).toEqual([expect.stringContaining('any')])
  })

  it('keeps the ports on a page or two', () => {
    expect(wrong('shared/ports.ts', 'export {}\n'.repeat(350))).toEqual([])
    expect(wrong('shared/ports.ts', 'export {}\n'.repeat(351)).length).toBe(1)
  })
})
