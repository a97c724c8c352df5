import { describe, expect, it } from 'vitest'
import { keysOf, shownKeys } from './keys.ts'

const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }

describe('keys that are pressed', () => {
  it('are named as Electron does, by where they lie', () => {
    expect(keysOf({ ...none, code: 'Space', ctrlKey: true, shiftKey: true }, false)).toBe(
      'CommandOrControl+Shift+Space',
    )
    expect(keysOf({ ...none, code: 'Space', metaKey: true, altKey: true }, true)).toBe('CommandOrControl+Alt+Space')
    expect(keysOf({ ...none, code: 'KeyK', ctrlKey: true }, true)).toBe('Control+K')
    expect(keysOf({ ...none, code: 'Digit7', metaKey: true }, false)).toBe('Super+7')
    expect(keysOf({ ...none, code: 'F9' }, false)).toBe('F9')
  })

  it('are none while only modifiers are held, or without one', () => {
    for (const code of ['ControlLeft', 'ShiftLeft', 'Tab', 'Escape', 'Dead', ''])
      expect(keysOf({ ...none, code, ctrlKey: true }, false)).toBeNull()
    expect(keysOf({ ...none, code: 'KeyA', shiftKey: true }, false)).toBeNull()
  })

  it('are shown as the keyboard has them written', () => {
    const keys = 'CommandOrControl+Shift+Space'
    expect(shownKeys(keys, { mac: false, language: 'de' })).toBe('Strg + Umschalt + Leertaste')
    expect(shownKeys(keys, { mac: false, language: 'en' })).toBe('Ctrl + Shift + Space')
    expect(shownKeys(keys, { mac: true, language: 'de' })).toBe('⌘ ⇧ Leertaste')
  })
})
