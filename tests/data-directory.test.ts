import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { usualDataDirectory } from '../shared/data-directory.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'cloister-home-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function putLibrary(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'cloister.db'), '')
}

test('each system has its place', () => {
  expect(usualDataDirectory({}, { platform: 'linux', home })).toBe(path.join(home, '.local/share/cloister'))
  expect(usualDataDirectory({ XDG_DATA_HOME: '/x' }, { platform: 'linux', home })).toBe(path.join('/x', 'cloister'))
  expect(usualDataDirectory({}, { platform: 'darwin', home })).toBe(
    path.join(home, 'Library/Application Support/Cloister'),
  )
})

test('on Windows a library begins where no profile is copied from; one that lies where it did is found', async () => {
  const environment = { APPDATA: path.join(home, 'R'), LOCALAPPDATA: path.join(home, 'L') }
  const [local, roaming] = [path.join(home, 'L/Cloister'), path.join(home, 'R/Cloister')]
  const find = () => usualDataDirectory(environment, { platform: 'win32', home })
  expect(usualDataDirectory({}, { platform: 'win32', home })).toBe(path.join(home, 'AppData/Local/Cloister'))
  // A folder is no library.
  await mkdir(roaming, { recursive: true })
  expect(find()).toBe(local)
  await putLibrary(roaming)
  expect(find()).toBe(roaming)
  await putLibrary(local)
  expect(find()).toBe(local)
})
