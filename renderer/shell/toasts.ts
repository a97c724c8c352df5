import { createStore, type Store } from '../store.ts'

/** A short word at the edge of the page, with at most one thing to do about it. */
export interface Toast {
  key: number
  text: string
  action: { label: string; run(): void } | null
  /** The id of the one thing it tells of: what is said of it next takes its place. */
  about: string | null
}

export interface Toasts {
  readonly list: Store<readonly Toast[]>
  show(text: string, action?: Toast['action'], about?: string | null): void
  /** What was said about this no longer holds. */
  drop(about: string): void
  clear(): void
  dismiss(key: number): void
}

const most = 3

export function createToasts(): Toasts {
  const list = createStore<readonly Toast[]>([])
  let keys = 0
  return {
    list,
    show: (text, action = null, about = null) =>
      list.change(all =>
        [...all.filter(toast => about === null || toast.about !== about), { key: keys++, text, action, about }].slice(
          -most,
        ),
      ),
    drop: about => list.change(all => all.filter(toast => toast.about !== about)),
    clear: () => list.set([]),
    dismiss: key => list.change(all => all.filter(toast => toast.key !== key)),
  }
}
