/** Keys as they are pressed, in the words of Electron (`CommandOrControl+Shift+Space`), and as people read them. */

type Pressed = Pick<KeyboardEvent, 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

const named: Readonly<Record<string, string>> = {
  Space: 'Space',
  Enter: 'Enter',
  Insert: 'Insert',
  Home: 'Home',
  End: 'End',
  PageUp: 'PageUp',
  PageDown: 'PageDown',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
}

/** Null while nothing but modifiers is held, and for keys that need one and have none. Whether they can be had main says. */
export function keysOf({ code, ctrlKey, metaKey, altKey, shiftKey }: Pressed, mac: boolean): string | null {
  const key = named[code] ?? /^(?:Key|Digit)([A-Z\d])$/.exec(code)?.[1] ?? /^F\d{1,2}$/.exec(code)?.[0]
  if (key === undefined) return null
  const main = mac ? metaKey : ctrlKey
  const other = mac ? ctrlKey : metaKey
  if (!main && !other && !altKey && !/^F\d/.test(key)) return null
  return [main && 'CommandOrControl', other && (mac ? 'Control' : 'Super'), altKey && 'Alt', shiftKey && 'Shift', key]
    .filter(part => part !== false)
    .join('+')
}

const signs = { CommandOrControl: '⌘', Control: '⌃', Alt: '⌥', Shift: '⇧', Super: '⌘' } as const
const german = { CommandOrControl: 'Strg', Control: 'Strg', Shift: 'Umschalt', Super: 'Super', Space: 'Leertaste' }
const english = { CommandOrControl: 'Ctrl', Control: 'Ctrl', Shift: 'Shift', Super: 'Super', Space: 'Space' }

export function shownKeys(keys: string, { mac, language }: { mac: boolean; language: 'de' | 'en' }): string {
  const texts: Readonly<Record<string, string>> = { ...(language === 'de' ? german : english), ...(mac && signs) }
  return keys
    .split('+')
    .map(part => texts[part] ?? part)
    .join(mac ? ' ' : ' + ')
}
