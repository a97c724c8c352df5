import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkHomepage } from './homepage.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-homepage-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('is what the manifest says, or the repository on GitHub that was cloned', async () => {
  const manifest = path.join(folder, 'package.json')
  await writeFile(manifest, '{}')
  await expect(checkHomepage(folder)).rejects.toThrow('"homepage" in package.json')
  await mkdir(path.join(folder, '.git'))
  const origin = (url: string) => writeFile(path.join(folder, '.git/config'), `[remote "origin"]\n\turl = ${url}\n`)
  await origin('/srv/cloister')
  await expect(checkHomepage(folder)).rejects.toThrow('"homepage" in package.json')
  for (const url of ['https://github.com/example/cloister', 'git@github.com:example/cloister.git']) {
    await origin(url)
    await checkHomepage(folder)
  }
  await origin('/srv/cloister')
  await writeFile(manifest, '{ "homepage": "https://cloister.example" }')
  await checkHomepage(folder)
})
