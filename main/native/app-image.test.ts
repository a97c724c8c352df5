import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../../tests/until.ts'
import { appImageOf, startAppImage } from './app-image.ts'

test('a program is in the file whose disk it lies on, and in no other', () => {
  const env = { APPIMAGE: '/home/a/Cloister.AppImage', APPDIR: '/tmp/.mount_CloisX' }
  expect(appImageOf(env, '/tmp/.mount_CloisX/cloister')).toBe(env.APPIMAGE)
  // Of a terminal, which was started from one.
  expect(appImageOf(env, '/opt/Cloister/cloister')).toBeUndefined()
  expect(appImageOf(env, '/tmp/.mount_CloisXY/cloister')).toBeUndefined()
  expect(appImageOf({}, '/opt/Cloister/cloister')).toBeUndefined()
})

test.skipIf(process.platform === 'win32')(
  'it is started with its arguments, and with nothing of the disk that goes',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'cloister-image-'))
    const file = path.join(folder, 'Cloister.AppImage')
    await writeFile(
      file,
      '#!/bin/sh\necho "$HOME|$APPDIR|$APPIMAGE|$1 $2" > "$HOME/said.part"\nmv "$HOME/said.part" "$HOME/said"\n',
    )
    await chmod(file, 0o755)
    const wrong: string[] = []
    const log = { debug() {}, info() {}, warn() {}, error: (text: string) => void wrong.push(text) }
    const env = { HOME: folder, PATH: process.env.PATH, APPDIR: '/gone', APPIMAGE: file }
    expect(await startAppImage(file, ['--data', 'a b'], { env, log })).toBe(true)
    const said = () => readFile(path.join(folder, 'said'), 'utf8').catch(() => '')
    await until(async () => (await said()) !== '', 'it runs', 30_000)
    expect(await said()).toBe(`${folder}|||--data a b\n`)
    // Gone since it was started, not to be run, or ended at once: whoever asked for it is told.
    expect(await startAppImage(path.join(folder, 'none'), [], { env, log })).toBe(false)
    await writeFile(file, '#!/bin/sh\nexit 127\n')
    expect(await startAppImage(file, [], { env, log })).toBe(false)
    await chmod(file, 0o644)
    expect(await startAppImage(file, [], { env, log })).toBe(false)
    expect(wrong).toHaveLength(3)
    await rm(folder, { recursive: true, force: true })
  },
)
