import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../../tests/until.ts'
import { compiledFolder } from './compiled.ts'

test('what was compiled of another version goes', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-compiled-'))
  for (const version of ['1.0.0', '1.1.0'])
    await mkdir(path.join(folder, 'compiled', version, 'x'), { recursive: true })
  expect(compiledFolder(folder, '1.1.0')).toBe(path.join(folder, 'compiled', '1.1.0'))
  await until(async () => (await readdir(path.join(folder, 'compiled'))).join() === '1.1.0', 'the old one is gone')
  expect(compiledFolder(path.join(folder, 'none'), '1.1.0')).toBe(path.join(folder, 'none', 'compiled', '1.1.0'))
  await rm(folder, { recursive: true, force: true })
})
