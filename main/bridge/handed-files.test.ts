import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { HandedFile } from '../../shared/api/desktop.ts'
import type { Log } from '../../shared/ports.ts'
import { createHandedFiles } from './handed-files.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-handed-'))
  await mkdir(path.join(folder, 'Akten/2026/.git'), { recursive: true })
  await writeFile(path.join(folder, 'Akten/a.txt'), 'eins')
  await writeFile(path.join(folder, 'Akten/2026/b.txt'), 'zwei')
  await writeFile(path.join(folder, 'Akten/2026/.git/config'), 'hidden')
  await writeFile(path.join(folder, 'secret.txt'), 'secret')
  await symlink(path.join(folder, 'secret.txt'), path.join(folder, 'Akten/link.txt'))
  await symlink(folder, path.join(folder, 'Akten/up'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('offers files, and those in folders with their paths; what is hidden or a link stays', async () => {
  const handed = createHandedFiles({ log: silent })
  const offered: HandedFile[] = []
  const paths = ['Akten', 'secret.txt', 'missing.txt'].map(name => path.join(folder, name))
  for await (const batch of handed.offer(paths)) offered.push(...batch)
  expect(offered.map(({ name, size }) => `${name} ${size}`).toSorted()).toEqual([
    'Akten/2026/b.txt 4',
    'Akten/a.txt 4',
    'secret.txt 6',
  ])
  const first = offered.find(({ name }) => name === 'Akten/a.txt')!
  expect(await new Response((await handed.read(first.id))!).text()).toBe('eins')
  expect(await handed.read(first.id)).toBeUndefined()
  expect(await handed.read(path.join(folder, 'secret.txt'))).toBeUndefined()
})

it('comes in handfuls', async () => {
  const many = path.join(folder, 'many')
  await mkdir(many)
  await Promise.all(Array.from({ length: 450 }, (_, at) => writeFile(path.join(many, `${at}.txt`), '')))
  const sizes: number[] = []
  for await (const batch of createHandedFiles({ log: silent }).offer([many])) sizes.push(batch.length)
  expect(sizes).toEqual([200, 200, 50])
})

it('has nothing of a file that was taken away meanwhile', async () => {
  const file = path.join(folder, 'gone.txt')
  await writeFile(file, 'a')
  const handed = createHandedFiles({ log: silent })
  const { value } = await handed.offer([file]).next()
  await rm(file)
  expect(await handed.read((value as HandedFile[])[0]!.id)).toBeUndefined()
})
