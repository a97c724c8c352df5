/** How a window is made, but for what its page may do (`safety/web-preferences.ts`). */
import type { WindowOptions } from '../shell.ts'

export function windowLook(
  { title, place: { maximized: _, ...place }, quick = false }: WindowOptions,
  { platform, dark, icon }: { platform: NodeJS.Platform; dark: boolean; icon: string },
) {
  return {
    ...place,
    title,
    show: false,
    minWidth: 360,
    minHeight: 320,
    backgroundColor: dark ? '#131416' : '#ffffff',
    icon,
    ...(quick && { frame: false, alwaysOnTop: true, skipTaskbar: true, resizable: false, fullscreenable: false }),
    // Only a panel comes over another program's full screen.
    ...(quick && platform === 'darwin' && { type: 'panel' }),
  }
}
