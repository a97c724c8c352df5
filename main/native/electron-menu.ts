/** Entries of menus as Electron takes them. */
import type { MenuAction, MenuItem } from './menu.ts'

export interface ElectronItem {
  type?: 'separator' | 'checkbox' | 'radio'
  label?: string
  role?: Extract<MenuItem, { role?: unknown }>['role']
  accelerator?: string
  enabled?: boolean
  checked?: boolean
  registerAccelerator?: boolean
  submenu?: ElectronItem[]
  click?(): void
}

export function toElectron(item: MenuItem, choose: (action: MenuAction) => void): ElectronItem {
  switch (item.type) {
    case 'separator':
      return { type: 'separator' }
    case 'text':
      return { label: item.label, enabled: false }
    case 'role':
      return {
        role: item.role,
        label: item.label,
        ...(item.accelerator !== undefined && { accelerator: item.accelerator }),
      }
    case 'submenu':
      return {
        label: item.label,
        submenu: item.items.map(one => toElectron(one, choose)),
        ...(item.role && { role: item.role }),
      }
    case 'action':
      return {
        label: item.label,
        ...(item.accelerator !== undefined && { accelerator: item.accelerator }),
        ...(item.enabled !== undefined && { enabled: item.enabled }),
        ...(item.choice && { type: item.choice, checked: item.checked === true }),
        ...(item.shownOnly && { registerAccelerator: false }),
        click: () => choose(item.action),
      }
  }
}
