import { createStore, type Store } from '../store.ts'

/** A short word at the edge of the page, with at most one thing to do about it. */
export interface Toast {
  key: number
  text: string
  action: { label: string; run(): void } | null
}

export interface Toasts {
  readonly list: Store<readonly Toast[]>
  show(text: string, action?: Toast['action']): void
  dismiss(key: number): void
}

const most = 3

export function createToasts(): Toasts {
  const list = createStore<readonly Toast[]>([])
  let keys = 0
  return {
    list,
    show: (text, action = null) => list.change(all => [...all, { key: keys++, text, action }].slice(-most)),
    dismiss: key => list.change(all => all.filter(toast => toast.key !== key)),
  }
}
