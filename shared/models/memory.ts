import { readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** Of what is free, for everybody else: a machine that begins to swap stands still. */
const reserve = 128 * 1024 * 1024

/** What the system says of its memory: bytes; `file` the text of one of its files. */
export interface Readings {
  platform: NodeJS.Platform
  total: number
  free: number
  file(name: string): Promise<string>
}

/** `root`: the folder that holds `proc` and `sys`. */
export const readings = (root = '/'): Readings => ({
  platform: os.platform(),
  total: os.totalmem(),
  free: os.freemem(),
  file: name => readFile(path.join(root, name), 'utf8'),
})

/** Bytes of the models that are loaded: of their weights where those are pages of a file, and of all they may take. */
export interface Granted {
  weights: number
  all: number
}

/**
 * Bytes a new model may take: what the system can give, inside the limit of the container. The weights of what is loaded
 * are pages of a file, which both count as free: they can be dropped, but are all read again for the next token. (Windows
 * counts those in use as used; there they are counted twice, on the safe side.)
 */
export async function memoryFree(granted: Granted, now: Readings = readings()): Promise<number> {
  const free = Math.min(
    systemFree(granted, now),
    ((await cgroupFree(now)) ?? Number.POSITIVE_INFINITY) - granted.weights,
  )
  return Math.max(0, free - reserve)
}

/** Bytes this machine has, or the container may use. */
export async function memoryTotal(now: Readings = readings()): Promise<number> {
  return Math.min(now.total, ...(await groupsOf(now)).map(({ limit }) => limit))
}

/** On macOS the number of free pages leaves out what is given up on demand: three quarters of all is what a process can get. */
function systemFree({ weights, all }: Granted, { platform, total, free }: Readings): number {
  return platform === 'darwin' ? total * 0.75 - all : free - weights
}

/** Undefined without a limit. */
async function cgroupFree(now: Readings): Promise<number | undefined> {
  const free = (await groupsOf(now)).flatMap(({ limit, used }) => (used === undefined ? [] : [limit - used]))
  return free.length > 0 ? Math.min(...free) : undefined
}

/** Where each version says what, below its folder. `memory.high`: beyond it a group is slowed until it stands still. */
const versions = [
  {
    folder: '/sys/fs/cgroup',
    limits: ['memory.max', 'memory.high'],
    used: 'memory.current',
    pages: 'file',
    shared: 'shmem',
    controller: '',
  },
  {
    folder: '/sys/fs/cgroup/memory',
    limits: ['memory.limit_in_bytes'],
    used: 'memory.usage_in_bytes',
    pages: 'total_cache',
    shared: 'total_shmem',
    controller: 'memory',
  },
] as const

interface Group {
  limit: number
  /** Without pages of files, which are given up on demand; those that processes share lie in no file, though they are counted with them. */
  used?: number
}

/** The groups of this process that have a limit: its own, and all around it. Docker and systemd set theirs on any of them. */
async function groupsOf({ platform, file }: Readings): Promise<Group[]> {
  if (platform !== 'linux') return []
  const own = await file('/proc/self/cgroup').catch(() => '')
  const number = async (name: string) => Number((await file(name).catch(() => '')).trim() || Number.NaN)
  const groups = versions.flatMap(version =>
    foldersFrom(own, version.controller).map(async (folder): Promise<Group[]> => {
      const at = (name: string) => `${version.folder}${folder}/${name}`
      const limits = (await Promise.all(version.limits.map(name => number(at(name))))).filter(Number.isSafeInteger)
      if (limits.length === 0) return []
      const [current, stat] = await Promise.all([number(at(version.used)), file(at('memory.stat')).catch(() => '')])
      const said = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0)
      const cached = Math.max(0, said(version.pages) - said(version.shared))
      return [{ limit: Math.min(...limits), ...(Number.isSafeInteger(current) && { used: current - cached }) }]
    }),
  )
  return (await Promise.all(groups)).flat()
}

/**
 * From the folder of one's own group up to the root, which is ''. In a container the paths may be those of the host: what is not there
 * says nothing, and the root is its own group.
 */
function foldersFrom(own: string, controller: string): string[] {
  const lines = own.split('\n').map(line => /^\d+:([^:]*):(\/.*)$/.exec(line))
  const found = lines.find(line => line?.[1]?.split(',').includes(controller))?.[2] ?? '/'
  const parts = found.split('/').filter(part => part !== '')
  if (parts.includes('..')) return ['']
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    parts
      .slice(0, parts.length - up)
      .map(part => `/${part}`)
      .join(''),
  )
}
