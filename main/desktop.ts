/** The life of the application: from its start through everything that the system and the page ask of it to its end. */
import path from 'node:path'
import { createClient } from '../shared/api/client.ts'
import type { ShownServer } from '../shared/api/desktop.ts'
import { contract } from '../shared/api/index.ts'
import { AppError } from '../shared/errors.ts'
import { createTranslate, explain, type Translate } from '../shared/messages/index.ts'
import type { Reason } from '../shared/model/index.ts'
import type { Log, Processes } from '../shared/ports.ts'
import { createActions } from './actions.ts'
import { backUpNow } from './back-up.ts'
import { createHandedFiles } from './bridge/handed-files.ts'
import { createBridgeRouter } from './bridge/router.ts'
import { createBridgeCalls } from './bridge-calls.ts'
import { createKeyChanges } from './change-key.ts'
import { createClearing } from './clear-previous.ts'
import { holdDirectory } from './data/hold-directory.ts'
import { markStart } from './data/safe-mode.ts'
import { createEnding } from './ending.ts'
import { findLibrary } from './find-library.ts'
import { createHandOver } from './hand-over.ts'
import { createLibraryUse } from './library-use.ts'
import { moveLibrary } from './move-library.ts'
import { createDrawing } from './native/draw.ts'
import { followWork } from './native/follow-work.ts'
import { desktopLanguage } from './native/language.ts'
import { createNotifier } from './native/notifications.ts'
import type { Progress } from './native/progress.ts'
import { applyShortcut, shownShortcut } from './native/shortcuts.ts'
import { decideSpelling } from './native/spelling.ts'
import { createStaying } from './native/staying.ts'
import { createOpenAnswers } from './page/answers.ts'
import { createAppRequests } from './page/app-protocol.ts'
import { listPageFiles } from './page/files.ts'
import { createTransfers } from './page/transfers.ts'
import { openPreferences } from './preferences.ts'
import { askToOpen, askToShowAnew } from './questions.ts'
import { createExternal } from './safety/external.ts'
import type { Desktop, Shell } from './shell.ts'
import { shownServer } from './shown-server.ts'
import { createStandingQuestions } from './standing-questions.ts'
import { createModelTaking } from './take-models.ts'
import { createTroubledStart } from './troubled-start.ts'
import { loadUpdater } from './updates/channel.ts'
import { createShownUpdates } from './updates/shown.ts'
import { createWindows } from './windows.ts'

export interface DesktopOptions {
  shell: Shell
  processes: Processes
  /** By the command line or the environment, for this start alone. */
  dataDirectory: string | null
  /** Where the library is when nobody said otherwise. */
  usualDirectory: string
  /** Whether the environment names a key of the library (`SECRETS_KEY`). */
  keyGiven: boolean
  log: Log
}

/** Milliseconds for a server that is ready to say whether an update may be installed: longer than that it is at work. */
const patience = 5000

/** Rejects where nothing can be shown at all. Ends the application itself where the user wants no more than that. */
export async function startDesktop({
  shell,
  processes,
  dataDirectory: named,
  usualDirectory,
  keyGiven,
  log,
}: DesktopOptions): Promise<Desktop> {
  const preferences = await openPreferences({ folder: shell.folders.userData, log })
  let words: Translate = createTranslate(desktopLanguage(preferences.get().language, shell.languages))
  const tell = (message: string, detail = '') =>
    shell.ask({ message, ...(detail !== '' && { detail }), buttons: [words('desktop.dialog.ok')], cancel: 0 })
  shell.setTheme(preferences.get().theme)
  const dictionaries = path.join(shell.folders.userData, 'Dictionaries')
  shell.setSpelling(available =>
    decideSpelling({ platform: shell.platform, languages: shell.languages, available, folder: dictionaries }),
  )
  if (preferences.damaged)
    void tell(words('desktop.preferences.damaged'), words('desktop.preferences.damagedDetail', preferences.damaged))

  const library = await findLibrary({
    shell,
    words,
    preferences,
    processes,
    named,
    usual: usualDirectory,
    keyGiven,
    log,
  })
  const { server, dataDirectory, recovered } = library
  if (recovered.now !== 'nothing' && recovered.now !== 'waiting')
    void tell(words(`desktop.move.${recovered.now === 'left' ? 'undoneLeft' : recovered.now}`, recovered))
  const mark = await markStart(shell.folders.userData, dataDirectory)
  const use = createLibraryUse({ server, changed: lone })
  const hold = (signal: AbortSignal) =>
    holdDirectory(processes, { dataDirectory, settings: library.settings() }, { signal })
  const clearing = createClearing({
    preferences,
    left: folder => void tell(words('desktop.move.left', { folder })),
    log,
  })
  const following = new AbortController()
  const client = createClient({
    routes: contract,
    url: 'http://localhost',
    fetch: request => server.fetch(request),
    language: () => words.language,
  })
  const handed = createHandedFiles({ log })
  const transfers = createTransfers({ tell: (window, message) => router.tell(window, message) })
  const uploads = new Map<number, number>()
  const uploading = () => [...uploads.values()].reduce((sum, one) => sum + one, 0)
  let progress: Progress = { open: 0, paused: 0, part: undefined }
  let trouble: Reason | null = null
  let inForce: string | null = null
  /** What something waits for must not go unanswered with the window that it was asked over. */
  const standing = createStandingQuestions(shell)
  const answers = createOpenAnswers()
  const draw = createDrawing(shell)
  const ending = createEnding({
    shell,
    words: () => words,
    server,
    use,
    mark,
    uploading,
    leave() {
      // Windows take their questions along, as if these were answered.
      troubles.leave()
      updates.stop()
      models.stop()
      windows.destroy()
      shell.setTray(null)
    },
    back() {
      windows.show('#/settings?part=updates')
      updates.start()
      troubles.goOn()
      look()
    },
    over: () => following.abort(),
    log,
  })

  const staying = createStaying({ shell, preferences, words: () => words, show: () => void windows.show() })
  const windows = createWindows({
    shell,
    router: () => router,
    preferences,
    title: () => 'Cloister',
    stays: () => !ending.now() && staying.stays(),
    hidden: staying.tell,
    gone: () => void ending.quit(),
    away() {
      troubles.away()
      standing.away()
    },
    back() {
      troubles.back()
      standing.back()
    },
    forget(id) {
      uploads.delete(id)
      transfers.closePage(id)
    },
    troubled: (how, signal) => askToShowAnew({ shell: standing, words, log }, how, signal),
  })
  const notifier = createNotifier({
    words: () => words,
    enabled: () => preferences.get().notifications,
    inFront: windows.isInFront,
    notify: note => shell.notify({ ...note, clicked: () => void windows.show() }),
    clock: Date.now,
  })
  const openExternal = createExternal({
    ask: (shown, kind) => askToOpen({ shell: standing, words }, shown, kind),
    open: shell.openExternal,
  })
  const updates = createShownUpdates({
    updater: await loadUpdater({ shell, fetch: request => server.fetch(request), log }),
    current: shell.version,
    preferences,
    async work() {
      const { name } = server.state()
      // A server that does not run does nothing, and may need what is fetched already to run again.
      const runs = !['failed', 'stopped'].includes(name)
      const busy = { jobs: 1, answers: 0, downloads: 0 }
      // One that starts or is silent says nothing for minutes.
      if (use.busy() || (runs && name !== 'ready')) return busy
      if (!runs) return { ...busy, jobs: 0 }
      const signal = AbortSignal.timeout(patience)
      const listed = await client.downloads.list(undefined, { signal }).catch(error => {
        if (!signal.aborted) throw error
      })
      if (!listed) return busy
      const { downloads } = listed
      return {
        jobs: progress.open + uploading(),
        answers: answers.count,
        downloads: downloads.filter(({ state }) => state !== 'done' && state !== 'failed').length,
      }
    },
    end: () => ending.close().then(shell.releaseInstance),
    resume: ending.resume,
    now: Date.now,
    log,
    shown: state => router.tellAll({ type: 'updates', updates: state }),
  })
  const troubles = createTroubledStart({
    shell,
    words: () => words,
    processes,
    library,
    use,
    preferences,
    log,
    isEnding: ending.now,
    changed: lone,
    show: () => void windows.show(),
    end: ending.end,
    quit: () => void ending.quit(),
  })
  const keys = createKeyChanges({
    shell,
    words: () => words,
    use,
    library,
    keyGiven,
    restart: troubles.restart,
    changed(key) {
      router.tellAll({ type: 'key', key })
      look()
    },
    log,
  })
  const models = createModelTaking({
    shell,
    words: () => words,
    processes,
    use,
    library,
    changed(taking) {
      router.tellAll({ type: 'taking', taking })
      look()
    },
  })
  const calls = createBridgeCalls({
    shell,
    preferences,
    words: () => words,
    windows,
    server: shownNow,
    startServer: troubles.start,
    use,
    updates,
    keys,
    models,
    dataDirectory,
    shortcut: () => inForce,
    openExternal,
    handed,
    transfers,
    uploads: (window, count) => void uploads.set(window, count),
    setShortcut: setKeys,
    look,
    told: chosen => router.tellAll({ type: 'preferences', preferences: chosen }),
  })
  const router = createBridgeRouter({ calls, log })
  const tellServer = () => router.tellAll({ type: 'server', server: shownNow() })
  const handleRequest = createAppRequests({
    files: await listPageFiles(shell.folders.page),
    server: toServer,
    handed,
    transfers,
    log,
  })
  const handOver = createHandOver({
    shell,
    words: () => words,
    windows,
    handed,
    preferences,
    look,
    isEnding: ending.now,
    log,
  })
  const choose = createActions({
    shell,
    preferences,
    client,
    use,
    windows,
    words: () => words,
    log,
    dataDirectory,
    offer: handOver.files,
    look,
    move: () =>
      moveLibrary({
        shell: { ...shell, ask: standing.ask },
        preferences,
        words,
        server,
        goOn: troubles.goOn,
        use,
        hold,
        uploading,
        from: dataDirectory,
        clearing: clearing.now,
        named: named !== null,
        log,
      }),
    backUp: () => backUpNow({ shell, words, processes, use, preferences, library }),
    async takeModels() {
      windows.show('#/models').focus()
      await models.take()
    },
    restartServer: troubles.restart,
    checkUpdates: () => updates.choose('check'),
    quit: () => void ending.quit(),
  })

  server.follow(state => {
    tellServer()
    if (state.name === 'ready')
      void mark
        .ready()
        .catch(error => log.warn('the mark of the start is left', { error }))
        .then(begun)
    if (state.name === 'failed') troubles.giveUp(state.reason)
    look()
  })
  look()
  setKeys()
  windows.show()
  updates.start()
  troubles.begin(mark.failed)
  void followWork({
    client,
    signal: following.signal,
    clock: Date.now,
    log,
    changed(next) {
      progress = next
      look()
    },
    happened(happening) {
      if (happening.kind === 'trouble') trouble = happening.reason
      notifier(happening)
    },
  }).catch(error => following.signal.aborted || log.warn('what goes on is not followed any more', { error }))

  return {
    handleRequest,
    handleCall: router.handle,
    openExternal,
    choose,
    quit: ending.quit,
    activate: () => void (!ending.now() && windows.show()),
    handOver: handOver.words,
    end: ending.end,
  }

  /** The library is open. */
  function begun(): void {
    const key = keys.state()
    if (key) router.tellAll({ type: 'key', key })
    clearing.begin()
  }

  /** Somebody has the library alone, or safe mode has begun, or no more. */
  function lone(): void {
    tellServer()
    look()
  }

  /** What is only read the page asks for again; what was to be done is refused with the reason. */
  async function toServer(request: Request): Promise<Response> {
    if (request.method !== 'GET' && (use.alone() || troubles.safe())) throw new AppError('library-busy')
    return answers.watch(request, await server.fetch(request))
  }

  function shownNow(): ShownServer {
    return shownServer(server.state(), { alone: use.alone(), safe: troubles.safe(), unasked: troubles.unasked() })
  }

  /** All that shows how things are, beside the page. */
  function look(): void {
    words = createTranslate(desktopLanguage(preferences.get().language, shell.languages))
    const alone = use.alone()
    draw({
      words,
      preferences: preferences.get(),
      shortcut: inForce,
      unprotected: ['open', 'none'].includes(keys.state()?.state ?? ''),
      open: server.state().name === 'ready' && !alone,
      alone,
      progress,
      part: models.now()?.part ?? progress.part,
      trouble: trouble && explain(words, trouble),
      ending: ending.now(),
    })
  }

  function setKeys(): void {
    const { shortcut } = preferences.get()
    const keys = applyShortcut(shortcut, shell.setShortcut, () => windows.toggleQuick())
    inForce = keys.inForce
    if (keys.taken && shortcut)
      notifier({ kind: 'shortcut-taken', keys: shownShortcut(shortcut, shell.platform, words) })
  }
}
