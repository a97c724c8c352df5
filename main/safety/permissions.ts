/** What the page may ask of the system: to put text on the clipboard, which is what its buttons “Copy” do. */
import { isOwnOrigin } from '../page/origin.ts'

const granted: readonly string[] = ['clipboard-sanitized-write']

export interface PermissionQuestion {
  /** As Electron calls it. One that is not known here is denied. */
  permission: string
  /** An origin or an address of whoever asks; undefined where no page does. */
  asker: string | undefined
  isMainFrame: boolean
}

/** Before anything is done (check), and when it is (request): the same for both. */
export function decidePermission({ permission, asker, isMainFrame }: PermissionQuestion): boolean {
  return granted.includes(permission) && isMainFrame && asker !== undefined && isOwnOrigin(asker)
}
