import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { memoryFree, memoryTotal, type Readings, readings } from './memory.ts'

const gigabyte = 1024 ** 3
const weights = (count: number) => ({ weights: count * gigabyte, all: (count + 1) * gigabyte })
const none = { weights: 0, all: 0 }
const four = weights(4)
const reserve = 128 * 1024 ** 2
function machine(files: Record<string, string>, more: Partial<Readings> = {}): Readings {
  const file = async (name: string) => {
    const below = name.replace('/sys/fs/cgroup/', '')
    if (below in files) return files[below]!
    throw new Error('ENOENT')
  }
  return { platform: 'linux', total: 16 * gigabyte, free: 10 * gigabyte, file, ...more }
}

test('what is free is what the system says, less a reserve and what was granted to others', async () => {
  expect(await memoryFree(none, machine({}))).toBe(10 * gigabyte - reserve)
  expect(await memoryFree(four, machine({}))).toBe(6 * gigabyte - reserve)
  expect(await memoryFree(weights(11), machine({}))).toBe(0)
  expect(await memoryFree(four, machine({}, { platform: 'darwin', free: 1 }))).toBe(7 * gigabyte - reserve)
})

test('the limit of a container counts, and pages of files in it only where they are no loaded weights', async () => {
  const second = {
    'memory.max': `${4 * gigabyte}\n`,
    'memory.current': `${3 * gigabyte}\n`,
    'memory.stat': `anon ${gigabyte}\nfile ${2 * gigabyte}\nfile_mapped 5\n`,
  }
  expect(await memoryFree(none, machine(second))).toBe(3 * gigabyte - reserve)
  expect(await memoryFree(weights(2), machine(second))).toBe(gigabyte - reserve)
  expect(await memoryFree(none, machine({ ...second, 'memory.max': 'max\n' }))).toBe(10 * gigabyte - reserve)
  const first = {
    'memory/memory.limit_in_bytes': `${2 * gigabyte}\n`,
    'memory/memory.usage_in_bytes': `${gigabyte}\n`,
    'memory/memory.stat': `cache 7\ntotal_cache ${gigabyte / 2}\n`,
  }
  expect(await memoryFree(none, machine(first))).toBe(1.5 * gigabyte - reserve)
})

test('a container has no more than its limit', async () => {
  expect(await memoryTotal(machine({}))).toBe(16 * gigabyte)
  expect(await memoryTotal(machine({ 'memory.max': 'max\n' }))).toBe(16 * gigabyte)
  expect(await memoryTotal(machine({ 'memory.max': `${2 * gigabyte}\n` }))).toBe(2 * gigabyte)
  expect(await memoryTotal(machine({ 'memory/memory.limit_in_bytes': `${2 ** 53}\n` }))).toBe(16 * gigabyte)
})

test('this machine has memory to give', async () => {
  expect(await memoryFree(none)).toBeGreaterThan(0)
})

/** A machine of 16 GiB whose system is a folder. */
async function system(files: Record<string, string | Record<string, string | number>>): Promise<Readings> {
  const root = await mkdtemp(path.join(tmpdir(), 'cloister-memory-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const write = async (name: string, text: string) => {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true })
    await writeFile(path.join(root, name), text)
  }
  for (const [name, value] of Object.entries(files))
    if (typeof value === 'string') await write(name, value)
    else for (const [inner, text] of Object.entries(value)) await write(`${name}/${inner}`, `${text}\n`)
  return { ...readings(root), platform: 'linux', total: 16 * gigabyte, free: 10 * gigabyte }
}

test('the narrowest of all groups around a process counts, with what each of them uses', async () => {
  const now = await system({
    'proc/self/cgroup': '0::/system.slice/cloister.service/inner\n',
    'sys/fs/cgroup/system.slice': {
      'memory.max': 8 * gigabyte,
      'memory.current': 7 * gigabyte,
      'memory.stat': `anon 5\nfile ${gigabyte}\nshmem 0`,
    },
    'sys/fs/cgroup/system.slice/cloister.service': {
      'memory.max': 4 * gigabyte,
      'memory.high': 'max',
      'memory.current': gigabyte,
    },
    'sys/fs/cgroup/system.slice/cloister.service/inner': { 'memory.max': 'max', 'memory.current': gigabyte },
  })
  expect(await memoryTotal(now)).toBe(4 * gigabyte)
  // 8 − 7 + 1 of the outer one, less than 4 − 1 of the inner one.
  expect(await memoryFree(none, now)).toBe(2 * gigabyte - reserve)
})

test('a group is slowed beyond its high mark', async () => {
  const now = await system({
    'proc/self/cgroup': '0::/a:b c\n',
    'sys/fs/cgroup/a:b c': { 'memory.max': 'max', 'memory.high': 3 * gigabyte, 'memory.current': gigabyte },
  })
  expect(await memoryTotal(now)).toBe(3 * gigabyte)
  expect(await memoryFree(none, now)).toBe(2 * gigabyte - reserve)
})

test('groups of the first version are followed as well', async () => {
  const group = (limit: number, used: number) => ({
    'memory.limit_in_bytes': limit,
    'memory.usage_in_bytes': used,
    'memory.stat': `total_cache ${gigabyte}\ntotal_shmem ${gigabyte / 2}`,
  })
  const now = await system({
    'proc/self/cgroup': '5:cpu,cpuacct:/other\n4:hugetlb,memory:/docker/abc\n1:name=systemd:/x\n0::/\n',
    'sys/fs/cgroup/memory': group(2 ** 63, gigabyte),
    'sys/fs/cgroup/memory/docker/abc': group(6 * gigabyte, 4 * gigabyte),
    'sys/fs/cgroup/memory/other': group(gigabyte, gigabyte),
  })
  expect(await memoryTotal(now)).toBe(6 * gigabyte)
  expect(await memoryFree(none, now)).toBe(2.5 * gigabyte - reserve)
})

test('memory that processes share is no page of a file', async () => {
  const now = await system({
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup': {
      'memory.max': 4 * gigabyte,
      'memory.current': 3 * gigabyte,
      'memory.stat': `file ${2 * gigabyte}\nshmem ${gigabyte}`,
    },
  })
  expect(await memoryFree(none, now)).toBe(2 * gigabyte - reserve)
})

test('in a container the paths of the host lead nowhere, and the root is its own', async () => {
  for (const own of ['/docker/abc', '/../../abc', '/']) {
    const now = await system({
      'proc/self/cgroup': `0::${own}\n`,
      'sys/fs/cgroup': { 'memory.max': 2 * gigabyte, 'memory.current': gigabyte },
      'abc/memory.max': '5',
    })
    expect(await memoryTotal(now)).toBe(2 * gigabyte)
    expect(await memoryFree(none, now)).toBe(gigabyte - reserve)
  }
})
