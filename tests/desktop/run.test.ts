/** `npm run desktop`, with a program in Electron's place that says what it was given. */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, realpath, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { staged } from '../../scripts/desktop/root.ts'
import { root } from '../run-cli.ts'
import { until } from '../until.ts'

let folder: string
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-run-')))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['scripts/desktop/run.ts', ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      LANG: 'de_DE.UTF-8',
      INIT_CWD: folder,
      ELECTRON_OVERRIDE_DIST_PATH: folder,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  const finished = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { child, said, finished }
}

async function putProgram(script: string): Promise<void> {
  const file = path.join(folder, 'electron')
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
}

it('says in the user’s language that there is no Electron where it was said to be', async () => {
  const german = start([])
  expect(await german.finished).toBe(1)
  expect(german.said.stderr).toMatch(/^ELECTRON_OVERRIDE_DIST_PATH nennt .*, aber dort liegt kein Electron/)
  const english = start([], { LANG: 'en_GB.UTF-8' })
  expect(await english.finished).toBe(1)
  expect(english.said.stderr).toContain('there is no Electron in it')
})

describe.skipIf(process.platform !== 'linux')('where there is one', () => {
  it('starts the application as it is now, where the user stands, with the arguments and nothing that makes Node of it', async () => {
    await putProgram('pwd; echo "$@"; echo "node: $ELECTRON_RUN_AS_NODE"; exit 7')
    const stamp = path.join(staged, '.checkout')
    await utimes(stamp, 0, 0).catch(() => {})
    const first = start(['Brief.pdf', '--data', 'ordner'], { ELECTRON_RUN_AS_NODE: '1' })
    expect({ code: await first.finished, stderr: first.said.stderr }).toEqual({
      code: 7,
      stderr: expect.stringContaining('Die Anwendung wird zusammengestellt'),
    })
    expect(first.said.stdout).toBe(`${folder}\n${staged} Brief.pdf --data ordner\nnode: \n`)
    // As if nobody could change a source meanwhile.
    const { mtime } = await stat(stamp)
    await utimes(stamp, new Date(), new Date(Date.now() + 600_000))
    const second = start([])
    expect({ code: await second.finished, stderr: second.said.stderr }).toEqual({ code: 7, stderr: '' })
    await utimes(stamp, mtime, mtime)
  }, 240_000)

  it('hands a signal on, once, and waits', async () => {
    await putProgram(
      `trap 'echo told; trap "echo again" TERM; sleep 1; exit 3' TERM; echo up; while :; do sleep 0.1; done`,
    )
    const running = start([])
    await until(() => running.said.stdout.includes('up'), 'it is started', 180_000)
    running.child.kill('SIGTERM')
    await until(() => running.said.stdout.includes('told'), 'it is told')
    running.child.kill('SIGTERM')
    expect(await running.finished).toBe(3)
    expect(running.said.stdout).toBe('up\ntold\n')
  }, 240_000)
})
