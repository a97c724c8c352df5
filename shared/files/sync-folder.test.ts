import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { syncFolder } from './sync-folder.ts'

afterEach(() => void vi.restoreAllMocks())

test.skipIf(process.platform === 'win32')('what cannot be synced is no error; a disk that fails is', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-sync-'))
  try {
    await syncFolder(folder)
    const handle = await open(folder, 'r')
    const prototype: FileHandle = Object.getPrototypeOf(handle)
    await handle.close()
    const say = (code: string) =>
      vi.spyOn(prototype, 'sync').mockRejectedValueOnce(Object.assign(new Error(code), { code }))
    say('EINVAL')
    await syncFolder(folder)
    say('EIO')
    await expect(syncFolder(folder)).rejects.toThrow('EIO')
    await expect(syncFolder(path.join(folder, 'gone'))).rejects.toMatchObject({ code: 'ENOENT' })
  } finally {
    await rm(folder, { recursive: true })
  }
})
