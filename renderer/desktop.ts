import type {
  DesktopAnswer,
  DesktopBridge,
  DesktopPreferences,
  HandedFile,
  KeyState,
  ModelsTaking,
  ShownServer,
  UpdateState,
} from '../shared/api/desktop.ts'
import { AppError } from '../shared/errors.ts'
import { createPageTransfers, type PageTransfers } from './api/page-transfers.ts'
import { createStore, type Store } from './store.ts'

declare global {
  interface Window {
    /** In the desktop's window alone. */
    readonly cloister?: DesktopBridge
  }
}

/** The window that this page is in, and the system around it. */
export interface Desktop {
  readonly bridge: DesktopBridge
  /** What this page sends. */
  readonly transfers: PageTransfers
  /** The small window over everything. */
  readonly quick: boolean
  /** The system asks who may have keys of all programs, and does not tell what was said. */
  readonly asksForKeys: boolean
  readonly server: Store<ShownServer>
  readonly updates: Store<UpdateState>
  /** Null until they were read. */
  readonly preferences: Store<DesktopPreferences | null>
  /** Of the key that seals keys of providers; null until it was read. */
  readonly key: Store<KeyState | null>
  /** Models that are being taken over from a folder. */
  readonly taking: Store<ModelsTaking>
  /** Opened with Cloister, and not added yet. */
  readonly handed: Store<readonly HandedFile[]>
  /** Nothing that was handed over so far is wanted any more, also what main is still finding. */
  leaveHanded(): void
}

/** Null where there is none. `go`: to a view, as it stands behind the `#`. */
export async function connectDesktop(
  bridge: DesktopBridge | undefined,
  { document, go }: { document: Document; go(hash: string): void },
): Promise<Desktop | null> {
  if (!bridge) return null
  const given = await bridge.start()
  // Without main the page still has its server.
  if (!given.ok) return null
  const state = given.value
  const server = createStore<ShownServer>(state.server)
  const updates = createStore<UpdateState>(state.updates)
  const preferences = createStore<DesktopPreferences | null>(null)
  const key = createStore<KeyState | null>(null)
  const taking = createStore<ModelsTaking>(null)
  const handed = createStore<readonly HandedFile[]>([])
  const transfers = createPageTransfers(bridge, state.page)
  const { take, leave } = takeHanded(bridge, files => handed.change(all => [...all, ...files]))
  bridge.listen(message => {
    if (message.type === 'server') server.set(message.server)
    else if (message.type === 'updates') updates.set(message.updates)
    else if (message.type === 'preferences') preferences.set(message.preferences)
    else if (message.type === 'key') key.set(message.key)
    else if (message.type === 'taking') taking.set(message.taking)
    else if (message.type === 'handed') void take()
    else if (message.type === 'sent') transfers.hear(message.transfer, message.sent)
    else if (message.type === 'go') go(message.hash)
  })
  // Those of the page before this one, too: of them nobody tells again.
  if (!state.quick) void take()
  sendLinksOut(document, bridge)
  const known = await bridge.getKey()
  // Where it is not known yet, a message says it, which may have come by now.
  if (known.ok && known.value) key.set(known.value)
  const { quick, asksForKeys } = state
  const leaveHanded = () => {
    leave()
    handed.set([])
    void bridge.leaveHanded({ all: true })
  }
  return { bridge, transfers, quick, asksForKeys, server, updates, preferences, key, taking, handed, leaveHanded }
}

/** All that there is, a handful after the other, also what comes while they are taken. */
function takeHanded(
  bridge: Pick<DesktopBridge, 'takeHanded'>,
  taken: (files: readonly HandedFile[]) => void,
): { take(): Promise<void>; leave(): void } {
  let taking = false
  let asked = false
  /** How often all was left: what was on its way by then is not wanted. */
  let left = 0
  async function take(): Promise<void> {
    asked = true
    if (taking) return
    taking = true
    while (asked) {
      asked = false
      const before = left
      const given = await bridge.takeHanded()
      // Main is asked too much just now.
      if (!given.ok) await new Promise(resolve => setTimeout(resolve, breath))
      else if (given.value.files.length === 0) continue
      else if (before === left) taken(given.value.files)
      asked = true
    }
    taking = false
  }
  return { take, leave: () => void left++ }
}

/**
 * Resolves when the server runs or is about to. What is read waits for that: a page that says why it waits, and goes on by itself, has nothing to
 * be pressed. Rejects when the signal fires.
 */
export function untilOpen({ server }: Pick<Desktop, 'server'>, signal: AbortSignal): Promise<void> {
  const isOpen = () => server.get().name !== 'stopped' && server.get().name !== 'failed'
  if (isOpen()) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const leave = server.subscribe(() => isOpen() && end(resolve))
    const stop = () => end(() => reject(signal.reason))
    const end = (settle: () => void) => {
      leave()
      signal.removeEventListener('abort', stop)
      settle()
    }
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
  })
}

/** Throws what main says is wrong. */
export async function answered<T>(answer: Promise<DesktopAnswer<T>>): Promise<T> {
  const given = await answer
  if (given.ok) return given.value
  throw new AppError(given.reason.code, given.reason.values)
}

/** Links that lead elsewhere go to the system's programs, which the window itself would only refuse. */
function sendLinksOut(document: Document, bridge: DesktopBridge): void {
  const hear = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null
    if (!(link instanceof HTMLAnchorElement) || (link.protocol !== 'https:' && link.protocol !== 'mailto:')) return
    event.preventDefault()
    void bridge.openExternal({ url: link.href })
  }
  document.addEventListener('click', hear)
  // The middle button would ask for another window.
  document.addEventListener('auxclick', hear)
}

/** Milliseconds between two words on the same thing. */
const breath = 1000

/** Keeps main told of how many files are on their way: it asks before that is broken off. */
export function tellUploads(bridge: DesktopBridge, open: () => number, subscribe: (hear: () => void) => void): void {
  let told = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const tell = () => {
    timer = undefined
    const count = open()
    if (count === told) return
    told = count
    void bridge.tellUploads({ count })
    timer = setTimeout(tell, breath)
  }
  subscribe(() => {
    if (timer === undefined) timer = setTimeout(tell, 0)
  })
}
