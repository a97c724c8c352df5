/** What is known of folders that are no good place for a library. */
import { access, statfs } from 'node:fs/promises'
import path from 'node:path'

/**
 * What is replaced or removed as a whole with the program: an update of Windows deletes its folder with all that is in it, an update of macOS
 * its bundle, `npm` the folder of packages that a checkout starts Electron from. An AppImage is a file, and nothing beside it goes with it;
 * what it runs from is a disk of its own for as long as it runs.
 */
export function programFolder(
  program: string,
  { platform, checkout }: { platform: NodeJS.Platform; checkout: string | undefined },
): string {
  if (checkout !== undefined) return checkout
  const paths = platform === 'win32' ? path.win32 : path.posix
  const folder = paths.dirname(program)
  return platform === 'darwin' ? (/^.*?\.app(?=\/)/.exec(folder)?.[0] ?? folder) : folder
}

/** File systems of other machines, as Linux numbers them: NFS, SMB in its ages, CIFS, AFS, 9P, Ceph, Coda, NCP. */
const remoteTypes = [0x6969, 0x517b, 0xfe534d42, 0xff534d42, 0x5346414f, 0x01021997, 0x00c36400, 0x73757245, 0x564c]

/**
 * Whether a folder lies on another machine, as far as that can be told: a database on one is slow, and breaks where its locks do. Windows
 * gives drives that stand for others by their real names; macOS tells us nothing but where it mounts them by itself.
 */
export async function isRemote(folder: string, platform: NodeJS.Platform): Promise<boolean> {
  if (platform === 'win32') return /^\\\\(?![?.]\\)|^\\\\\?\\UNC\\/i.test(folder)
  if (platform === 'darwin') return /^\/(?:net|Network)\//.test(folder)
  const found = await statfs(folder).catch(() => undefined)
  return found !== undefined && remoteTypes.includes(found.type >>> 0)
}

/** Folders by the names that programs which copy them to others' machines give them. */
const synced =
  /^(?:OneDrive(?: ?[-–(].*)?|Dropbox(?: ?[-–(].*)?|Google ?Drive|GoogleDrive.*|My Drive|Meine Ablage|iCloud ?Drive|Nextcloud|ownCloud|MEGA(?:sync)?|pCloud ?Drive|Box(?: Sync)?|Tresorit|Seafile|Proton Drive|MagentaCLOUD|HiDrive|Yandex\.Disk|SynologyDrive)$/i
/** What such programs leave in the folder that they copy. */
const marks = ['.dropbox', '.dropbox.cache', '.stfolder', '.owncloudsync.log', '.sync.ffs_db']

/**
 * Whether a program most likely copies the folder to machines of others. They copy a database while it is written, which may damage it,
 * and take documents where their owner did not mean them to go.
 */
export async function isSynced(
  folder: string,
  { home, platform }: { home: string; platform: NodeJS.Platform },
): Promise<boolean> {
  const paths = platform === 'win32' ? path.win32 : path.posix
  const parts = folder.split(/[\\/]/).filter(Boolean)
  if (parts.some(part => synced.test(part))) return true
  const inHome = paths.relative(home, folder).split(paths.sep)
  if (platform === 'darwin') {
    if (inHome[0] === 'Library' && ['Mobile Documents', 'CloudStorage'].includes(inHome[1] ?? '')) return true
    // Where iCloud has taken these two, they stand in its own folder under the same names.
    const cloud = paths.join(home, 'Library', 'Mobile Documents', 'com~apple~CloudDocs', inHome[0] ?? '')
    if (['Desktop', 'Documents'].includes(inHome[0] ?? '') && (await isThere(cloud))) return true
  }
  for (let at = folder; ; at = paths.dirname(at)) {
    for (const mark of marks) if (await isThere(paths.join(at, mark))) return true
    if (paths.dirname(at) === at) return false
  }
}

const isThere = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  )
