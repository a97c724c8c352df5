/**
 * What the page and the desktop's main process say to each other. `window.cloister` is there in the desktop's window alone; everything that
 * is not about the window or the system goes over HTTP there as everywhere. The page imports types only.
 */
import { z } from 'zod'
import { id } from './common.ts'
import { reason } from './problem.ts'

const nothing = z.undefined()
const text = (most: number) => z.string().max(most)
const version = text(50)

export const serverState = z.discriminatedUnion('name', [
  /**
   * `attempt`: how often it has ended since it last answered. `doing`: the system's keychain is asked, or commands at work are waited for, or
   * the database is opened, or brought to this version, or it begins. `late`: that takes longer than it takes elsewhere.
   */
  z.object({
    name: z.literal('starting'),
    attempt: z.number().int().min(0),
    doing: z.enum(['keychain', 'waiting', 'opening', 'migrating', 'beginning']),
    late: z.boolean(),
  }),
  z.object({ name: z.literal('ready') }),
  /** It was, and has not answered for a while; it may do so yet. */
  z.object({ name: z.literal('silent') }),
  z.object({ name: z.literal('failed'), reason }),
  /**
   * `alone`: what is done with the library meanwhile, and how far that is, where somebody knows. `safe`: nothing is opened until the user has
   * answered main's question, for this reason, where the server said one.
   */
  z.object({
    name: z.literal('stopped'),
    alone: z
      .object({ doing: z.enum(['moving', 'restoring', 'checking']), part: z.number().min(0).max(1).nullable() })
      .optional(),
    safe: z.object({ reason: reason.nullable() }).optional(),
  }),
])

export const updateState = z.discriminatedUnion('name', [
  /** This build knows no place for updates. */
  z.object({ name: z.literal('none') }),
  /** The user has not been asked yet whether Cloister may look for updates. */
  z.object({ name: z.literal('unasked') }),
  /** `previous`: the version before this one, which one may go back to. */
  z.object({ name: z.literal('off'), previous: version.nullable() }),
  z.object({ name: z.literal('checking') }),
  z.object({ name: z.literal('current'), previous: version.nullable() }),
  /** `back`: it is the one that was here before. */
  z.object({ name: z.literal('available'), version, notes: text(20_000), back: z.boolean() }),
  z.object({ name: z.literal('downloading'), version, part: z.number().min(0).max(1) }),
  /** `waiting`: it was to be installed, and something is in work. */
  z.object({ name: z.literal('ready'), version, notes: text(20_000), back: z.boolean(), waiting: z.boolean() }),
  z.object({ name: z.literal('failed'), reason }),
])

/** `back`: looks for the version before this one. `skip`: of one that is offered, also of that. */
export const updateChoice = z.enum(['on', 'off', 'check', 'download', 'stop', 'install', 'skip', 'back'])

/** Of the key that seals keys of providers; never the key itself. */
export const keyState = z.object({
  /** `open`: in a file that others can read. `none`: there is none, and nothing to keep one in. `lost`: not where it should be. */
  state: z.enum(['ready', 'open', 'none', 'locked', 'lost']),
  /** Where it is kept, as far as that is known. */
  place: z.enum(['keychain', 'safe-storage', 'passphrase', 'file']).nullable(),
})
const passphrase = z.object({ passphrase: text(1000) })

/** Models that are being taken over from a folder: the file in work, and how much of all is done. Null: none are. */
export const modelsTaking = z.object({ file: text(4096), part: z.number().min(0).max(1) }).nullable()

export const desktopPreferences = z.object({
  /** Cloister goes on when its window is closed. */
  tray: z.boolean(),
  notifications: z.boolean(),
  /** Files that were opened of late are offered in menus. */
  recent: z.boolean(),
  /** Keys that open the small window from everywhere; null: none. */
  shortcut: text(60).nullable(),
})

/** A file that was opened with Cloister: sent as its id alone (`handedHeader`), it is added as one that was dropped. */
export const handedFile = z.object({ id, name: text(4096), size: z.number().int().min(0) })
/** Of a request that carries a file: its number, as its page counts. See `transferHeader`. */
const transfer = z.number().int().min(0)

export const desktopState = z.object({
  /** By this it names what it sends. */
  page: id,
  /** The small window over everything: a question, its answer, and nothing else. */
  quick: z.boolean(),
  /** The system asks its user who may have keys of all programs, and tells nobody what came of it. */
  asksForKeys: z.boolean(),
  server: serverState,
  updates: updateState,
})

/** From the page. Each has one object, or nothing, as its input. */
export const desktopCalls = {
  /** The page is there and listens: what was said before comes now. */
  start: { input: nothing, output: desktopState },
  /** After it failed. Throws `library-busy`, also while main asks what is to be done. */
  startServer: { input: nothing, output: nothing },
  chooseFolder: { input: nothing, output: text(4096).nullable() },
  /** `opened`: the user agreed. */
  openExternal: { input: z.object({ url: text(10_000) }), output: z.object({ opened: z.boolean() }) },
  showDataFolder: { input: nothing, output: nothing },
  print: { input: nothing, output: nothing },
  /** Files that were handed over and that no page has taken yet, a handful at a time; none: that was all. */
  takeHanded: { input: nothing, output: z.object({ files: z.array(handedFile).max(1000) }) },
  /** Those that were taken and are not added yet are not wanted any more. `all`: nor are those that are still being found. */
  leaveHanded: { input: z.object({ all: z.boolean() }), output: nothing },
  /** A request of this page, by its number. */
  breakOff: { input: z.object({ transfer }), output: nothing },
  /** How many files are on their way from this window: of all work, the one thing that a later start cannot go on with. */
  tellUploads: { input: z.object({ count: z.number().int().min(0) }), output: nothing },
  getPreferences: { input: nothing, output: desktopPreferences },
  setPreferences: { input: desktopPreferences.partial(), output: desktopPreferences },
  hideQuick: { input: nothing, output: nothing },
  /** Of the small window, in the large one. */
  openChat: { input: z.object({ projectId: id, chatId: id }), output: nothing },
  /** Of the small window: where documents are added, which takes the large one. */
  openLibrary: { input: nothing, output: nothing },
  chooseUpdate: { input: z.object({ choice: updateChoice }), output: updateState },
  /** Null until the system's keychain has answered. */
  getKey: { input: nothing, output: keyState.nullable() },
  /** Of one that lies open, or of none. Throws `passphrase-short`. */
  protectKey: { input: passphrase, output: keyState },
  /** Throws `passphrase-wrong`. */
  unlockKey: { input: passphrase, output: keyState },
  /** Of one that is locked or lost; the user is asked before. */
  giveUpKey: { input: nothing, output: keyState },
  /** Of a folder that the user chooses. What has become of it main tells the user itself. */
  takeModels: { input: nothing, output: nothing },
  stopTakingModels: { input: nothing, output: nothing },
}

/** To the page. */
export const desktopMessage = z.discriminatedUnion('type', [
  /** There are files to take. */
  z.object({ type: z.literal('handed') }),
  /** Of a request that carries a file: how many bytes have left. */
  z.object({ type: z.literal('sent'), transfer, sent: z.number().int().min(0) }),
  /** A view, as it stands behind the `#`. */
  z.object({ type: z.literal('go'), hash: text(2000).startsWith('#/') }),
  z.object({ type: z.literal('server'), server: serverState }),
  z.object({ type: z.literal('updates'), updates: updateState }),
  z.object({ type: z.literal('preferences'), preferences: desktopPreferences }),
  z.object({ type: z.literal('key'), key: keyState }),
  z.object({ type: z.literal('taking'), taking: modelsTaking }),
])

type Calls = typeof desktopCalls
export type DesktopCall = keyof Calls
export type DesktopInput<Name extends DesktopCall> = z.output<Calls[Name]['input']>
export type DesktopOutput<Name extends DesktopCall> = z.output<Calls[Name]['output']>

/** Errors lose all but their text on the way between the worlds of a window: so what was refused is an answer, too. */
export type DesktopAnswer<T> = { ok: true; value: T } | { ok: false; reason: DesktopReason }
export type DesktopReason = z.output<typeof reason>
export type DesktopMessage = z.output<typeof desktopMessage>
export type DesktopState = z.output<typeof desktopState>
export type DesktopPreferences = z.output<typeof desktopPreferences>
export type HandedFile = z.output<typeof handedFile>
export type ShownServer = z.output<typeof serverState>
export type UpdateState = z.output<typeof updateState>
export type KeyState = z.output<typeof keyState>
export type ModelsTaking = z.output<typeof modelsTaking>
export type UpdateChoice = z.output<typeof updateChoice>

/** `window.cloister`: functions, and nothing else. */
export type DesktopBridge = {
  readonly [Name in DesktopCall]: (
    ...input: DesktopInput<Name> extends undefined ? [] : [input: DesktopInput<Name>]
  ) => Promise<DesktopAnswer<DesktopOutput<Name>>>
} & {
  /** One listener; what came before it is told to it at once. */
  readonly listen: (hear: (message: DesktopMessage) => void) => void
}
