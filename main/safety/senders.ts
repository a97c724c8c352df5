import { isOwnPage } from '../page/origin.ts'

/** Who speaks over the bridge. */
export interface Sender {
  /** Of Electron's `webContents`. */
  window: number
  /** Of the frame that sent it, as it is now; undefined when that is gone. */
  url: string | undefined
  isMainFrame: boolean
}

/** The page itself, in the whole of one of our windows. */
export function isTrustedSender(sender: Sender, isOurs: (window: number) => boolean): boolean {
  return sender.isMainFrame && sender.url !== undefined && isOwnPage(sender.url) && isOurs(sender.window)
}
