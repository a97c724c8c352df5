/** A folder in which every call of the system hangs, as on a drive whose machine is gone: a FUSE file system that nobody serves. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface HangingDrive {
  /** The folder is what it was before; calls that hang come back with an error. */
  release(): void
}

/** Mounts over the folder. Whoever was in it before hangs as soon as they come by its path again. Throws where that is not allowed. */
export function hangDrive(folder: string): HangingDrive {
  const device = openSync('/dev/fuse', 'r+')
  const mounted = spawnSync(
    'mount',
    ['-i', '-t', 'fuse', '-o', 'fd=3,rootmode=40000,user_id=0,group_id=0', 'nobody', folder],
    { stdio: ['ignore', 'ignore', 'pipe', device], encoding: 'utf8' },
  )
  if (mounted.status !== 0) {
    closeSync(device)
    throw new Error(`no FUSE here: ${mounted.stderr ?? mounted.error}`)
  }
  let released = false
  return {
    release() {
      if (released) return
      released = true
      spawnSync('umount', ['-l', folder])
      closeSync(device)
    },
  }
}

/** Why there can be none, for the names of tests; empty where there can. */
export const whyNoDrive = ((): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cloister-hangs-'))
  try {
    hangDrive(folder).release()
    return ''
  } catch {
    return ' (skipped: only the superuser of a Linux with FUSE can mount a drive that hangs)'
  } finally {
    rmSync(folder, { recursive: true })
  }
})()
