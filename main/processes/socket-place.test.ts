import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeSocketPlace } from './socket-place.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cl-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Of a process that is gone. */
const gone = () => spawnSync(process.execPath, ['-e', '']).pid

describe.skipIf(process.platform === 'win32')('a socket', () => {
  test('lies in a folder of its own that nobody else enters, another one each time, and short enough for every system', async () => {
    const [first, second] = [await makeSocketPlace([folder]), await makeSocketPlace([folder])]
    expect(first.path).not.toBe(second.path)
    expect((await stat(path.dirname(first.path))).mode & 0o777).toBe(0o700)
    expect(Buffer.byteLength(first.path)).toBeLessThan(100)
    await first.leave()
    expect(await readdir(folder)).toEqual([path.basename(path.dirname(second.path))])
    await first.leave()
  })

  test('lies in the first folder that is there, short enough, and in nobody else’s hands', async () => {
    const open = path.join(folder, 'open')
    await mkdir(open)
    await chmod(open, 0o777)
    const long = path.join(folder, 'ü'.repeat(40))
    await mkdir(long)
    const place = await makeSocketPlace([path.join(folder, 'none'), long, open, folder])
    expect(path.dirname(path.dirname(place.path))).toBe(folder)
    await expect(makeSocketPlace([long, open])).rejects.toThrow(/100 bytes.*others can write/)
    // As /tmp is.
    await chmod(open, 0o1777)
    expect((await makeSocketPlace([open])).path.startsWith(open)).toBe(true)
  })

  test('of a program that was killed goes with its folder; one that is answered, and what is somebody else’s, stays', async () => {
    const at = (pid: number, end: string) => path.join(folder, `cloister-${pid}-${end}`)
    const left = at(gone(), 'AbCdEf')
    await mkdir(left)
    await writeFile(path.join(left, 's'), '')
    const answered = at(gone(), 'AbCdEg')
    await mkdir(answered)
    const server = createServer()
    await new Promise<void>(resolve => server.listen(path.join(answered, 's'), resolve))
    const linked = at(gone(), 'AbCdEh')
    const elsewhere = path.join(folder, 'elsewhere')
    await mkdir(elsewhere)
    await symlink(elsewhere, linked)
    const living = at(process.pid, 'AbCdEi')
    await mkdir(living)
    const place = await makeSocketPlace([folder])
    const expected = [answered, linked, elsewhere, living, path.dirname(place.path)].map(each => path.basename(each))
    expect((await readdir(folder)).sort()).toEqual(expected.sort())
    await new Promise(resolve => server.close(resolve))
  })
})

test('a pipe of Windows has a name that nobody can know before', async () => {
  const names = await Promise.all([makeSocketPlace([], 'win32'), makeSocketPlace([], 'win32')])
  for (const { path } of names) expect(path).toMatch(/^\\\\\.\\pipe\\cloister-[\da-f]{32}$/)
  expect(names[0].path).not.toBe(names[1].path)
})
