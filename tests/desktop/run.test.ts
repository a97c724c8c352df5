/** `npm run desktop` where Electron is not; what it starts where there is one is in `packaged.test.ts`, which needs what it puts together. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startCheckout } from './start-checkout.ts'

let folder: string
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-run-')))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('says in the user’s language that there is no Electron where it was said to be', async () => {
  const german = startCheckout(folder, [])
  expect(await german.finished).toBe(1)
  expect(german.said.stderr).toMatch(/^ELECTRON_OVERRIDE_DIST_PATH nennt .*, aber dort liegt kein Electron/)
  const english = startCheckout(folder, [], { LANG: 'en_GB.UTF-8' })
  expect(await english.finished).toBe(1)
  expect(english.said.stderr).toContain('there is no Electron in it')
})
