import { opendirSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { AppError } from '../errors.ts'
import type { FolderIdentity } from '../model/index.ts'

/** What Linux calls the file systems of other machines, and those that a program serves, which mostly are. */
const networkTypes = new Set([
  0x6969, 0xff534d42, 0xfe534d42, 0x517b, 0x01021997, 0x65735546, 0x5346414f, 0x00c36400, 0x73757245, 0x564c,
])

/** See `FolderWatch.find`. `except`: folders that are ours. */
export function findFolder(named: string, except: readonly string[]): FolderIdentity {
  const expanded = named === '~' || /^~[/\\]/.test(named) ? path.join(homedir(), named.slice(1)) : named
  if (!path.isAbsolute(expanded) || expanded.includes('\0'))
    throw new AppError('folder-not-absolute', { folder: named })
  try {
    const place = realpathSync.native(expanded)
    const found = statSync(place, { bigint: true })
    if (!found.isDirectory()) throw new AppError('folder-no-folder', { folder: named })
    // What may be seen, but not looked into, is as good as not there.
    opendirSync(place).closeSync()
    if (except.some(own => place === own || place.startsWith(own + path.sep))) throw new AppError('own-data')
    return { path: place, device: String(found.dev), inode: String(found.ino), network: isNetwork(place) }
  } catch (error) {
    throw folderError(named, error)
  }
}

function isNetwork(place: string): boolean {
  if (place.startsWith('\\\\')) return true
  // Where everything that comes and goes is put.
  if (process.platform === 'darwin') return place.startsWith('/Volumes/')
  return process.platform === 'linux' && networkTypes.has(statfsSync(place).type)
}

export function folderError(folder: string, error: unknown): AppError {
  if (error instanceof AppError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  // Of a machine that is gone, some say this.
  const missing = [
    'ENOENT',
    'ENXIO',
    'ENODEV',
    'ENOTCONN',
    'EHOSTDOWN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ETIMEDOUT',
    'ESTALE',
  ]
  if (missing.includes(code)) return new AppError('folder-missing', { folder }, { cause: error })
  if (code === 'ENOTDIR') return new AppError('folder-no-folder', { folder }, { cause: error })
  return new AppError('folder-unreadable', { folder }, { cause: error })
}
