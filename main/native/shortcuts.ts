/** The keys that ask Cloister from anywhere. Of all the system's they are ours alone only where nobody else has them. */
import type { Translate } from '../../shared/messages/index.ts'

/**
 * The usual ones. Alone with the space bar, Alt and Control are the system's on every platform (window menu, input sources, Spotlight's
 * neighbours), and Control+Alt types letters on German keyboards; with Shift they are free.
 */
export const usualShortcut = 'CommandOrControl+Shift+Space'

/** Whether the system asks its user about such keys: Wayland does, by a portal. `ozone`: what Chromium was told to draw with. */
export const asksForKeys = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv, ozone: string): boolean =>
  platform === 'linux' && Boolean(env.WAYLAND_DISPLAY) && ozone !== 'x11'

const modifiers: Readonly<Record<string, string>> = {
  commandorcontrol: 'CommandOrControl',
  cmdorctrl: 'CommandOrControl',
  control: 'Control',
  ctrl: 'Control',
  command: 'Command',
  cmd: 'Command',
  alt: 'Alt',
  option: 'Alt',
  shift: 'Shift',
  super: 'Super',
  meta: 'Super',
}
const order = ['CommandOrControl', 'Command', 'Control', 'Super', 'Alt', 'Shift']
const named: Readonly<Record<string, string>> = Object.fromEntries(
  ['Space', 'Tab', 'Enter', 'Insert', 'Home', 'End', 'PageUp', 'PageDown', 'Up', 'Down', 'Left', 'Right'].map(name => [
    name.toLowerCase(),
    name,
  ]),
)

/** Taken by systems or by every program: whoever had them would miss them everywhere. */
const reserved = new Set(
  ['C', 'V', 'X', 'Z', 'A', 'S', 'P', 'F', 'Q', 'W', 'N', 'O', 'T', 'Tab', 'Space', 'Left', 'Right', 'Up', 'Down'].map(
    key => `CommandOrControl+${key}`,
  ),
)

export type ShortcutProblem = 'not-keys' | 'no-modifier' | 'reserved'

/** As Electron writes them, or why they cannot be: without a modifier that types nothing, the keys would be gone from all texts. */
export function readShortcut(text: string): { keys: string } | { problem: ShortcutProblem } {
  const parts = text.split('+').map(part => part.trim().toLowerCase())
  const held = new Set<string>()
  let key: string | undefined
  for (const part of parts) {
    const modifier = modifiers[part]
    if (modifier) held.add(modifier)
    else {
      const found =
        named[part] ??
        (/^[a-z\d]$/.test(part)
          ? part.toUpperCase()
          : /^f(?:[1-9]|1\d|2[0-4])$/.test(part)
            ? part.toUpperCase()
            : undefined)
      if (!found || key) return { problem: 'not-keys' }
      key = found
    }
  }
  if (!key) return { problem: 'not-keys' }
  const isFunction = /^F\d+$/.test(key)
  const holds = [...held].some(name => name !== 'Shift')
  if (!holds && !isFunction) return { problem: 'no-modifier' }
  // `Alt` types letters on macOS, and `Alt` with `Control` does on Windows.
  const types =
    key.length === 1 &&
    held.has('Alt') &&
    (held.size === 1 || (held.size === 2 && (held.has('Control') || held.has('CommandOrControl'))))
  if (types) return { problem: 'reserved' }
  const keys = [...order.filter(name => held.has(name)), key].join('+')
  const common = keys.replace(/^(?:Command|Control)\+/, 'CommandOrControl+')
  return reserved.has(common) || common === 'Alt+Tab' || common === 'Alt+F4' ? { problem: 'reserved' } : { keys }
}

/** As the keyboard of this system has them written. */
export function shownShortcut(keys: string, platform: NodeJS.Platform, words: Translate): string {
  const mac = platform === 'darwin'
  const signs: Readonly<Record<string, string>> = mac
    ? { CommandOrControl: '⌘', Command: '⌘', Control: '⌃', Alt: '⌥', Shift: '⇧', Super: '⌘' }
    : {
        CommandOrControl: words('desktop.keys.control'),
        Control: words('desktop.keys.control'),
        Shift: words('desktop.keys.shift'),
        Alt: 'Alt',
        Super: platform === 'win32' ? 'Win' : 'Super',
      }
  const parts = keys.split('+').map(part => signs[part] ?? (part === 'Space' ? words('desktop.keys.space') : part))
  return parts.join(mac ? '' : '+')
}

/** What is used of the system: false where somebody else has the keys. */
export type Register = (keys: string | null, pressed: () => void) => boolean

/**
 * Takes the keys that are wanted (undefined: the usual ones, null: none). Where they are taken, none are in force: another pair that nobody
 * chose would be a surprise. `taken` is to be said, once, where somebody chose them.
 */
export function applyShortcut(
  wanted: string | null | undefined,
  register: Register,
  pressed: () => void,
): { inForce: string | null; taken: boolean } {
  const keys = wanted === undefined ? usualShortcut : wanted
  const read = keys === null ? undefined : readShortcut(keys)
  if (!read || 'problem' in read) {
    register(null, pressed)
    return { inForce: null, taken: false }
  }
  const has = register(read.keys, pressed)
  if (!has) register(null, pressed)
  return { inForce: has ? read.keys : null, taken: !has }
}
