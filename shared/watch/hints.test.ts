import { spawnSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHints } from './hints.ts'

let root: string
beforeEach(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-hints-')))
})
afterEach(() => rm(root, { recursive: true }))

const watchers = () => process.getActiveResourcesInfo().filter(name => name === 'FSEventWrap').length

describe.runIf(process.platform === 'linux')('where each folder is watched by itself', () => {
  test('one that comes while its folder is gone through is watched once, and no more when that ends', async () => {
    await mkdir(path.join(root, 'a'))
    const before = watchers()
    let moved = false
    /** Moves the folder while those of the outer one are gone through, and takes so long that others have a turn. */
    const rules = (folder: string) => {
      if (folder !== 'a' || moved) return false
      moved = true
      renameSync(path.join(root, 'a'), path.join(root, 'b'))
      renameSync(path.join(root, 'b'), path.join(root, 'a'))
      for (const end = performance.now() + 60; performance.now() < end; );
      return false
    }
    const { promise, resolve } = Promise.withResolvers<readonly string[]>()
    const hints = createHints(root, { rules, except: [], failed: () => {}, run: work => work() })
    hints.next(resolve)
    expect(await promise).toEqual([''])
    expect(watchers() - before).toBe(2)
    hints.close()
    await expect.poll(watchers).toBe(before)
  })

  test('that the system watches no more of them is told', async () => {
    const script = path.join(root, 'none-left.mjs')
    await writeFile(
      script,
      `import { openSync } from 'node:fs'
      import { createHints } from ${JSON.stringify(new URL('./hints.ts', import.meta.url).href)}
      const failed = ({ code }) => {
        process.exitCode = code === 'watch-limit' ? 3 : 4
        hints.close()
      }
      const hints = createHints(${JSON.stringify(root)}, { rules: () => false, except: [], failed, run: work => work() })
      try {
        for (;;) openSync('/dev/null')
      } catch {}`,
    )
    const ended = spawnSync('sh', ['-c', `ulimit -n 80 && exec "$0" "$1"`, process.execPath, script], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect([ended.status, ended.stderr]).toEqual([3, ''])
  })
})
