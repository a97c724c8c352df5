import { open } from 'node:fs/promises'

/** What systems and drives say that cannot do this with a folder, or not by this user: some of others' and of the network. */
const unable = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EBADF', 'EPERM', 'EACCES']

/**
 * A name is durable when its folder is. Where that cannot be done (Windows opens no folders) the rename itself is what there is. Throws the
 * system's errors, as of a disk that fails; the name is there all the same.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && unable.includes(String(error.code)))) throw error
  }
}
