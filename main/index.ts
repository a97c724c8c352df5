/**
 * The desktop's main process: Electron as `desktop.ts` wants it. With `preload.ts` the only file that knows Electron; nothing is decided here.
 */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'
import {
  app,
  BrowserWindow,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  Notification,
  nativeTheme,
  powerMonitor,
  protocol,
  safeStorage,
  screen,
  session,
  shell as system,
  Tray,
  utilityProcess,
} from 'electron'
import { usualDataDirectory } from '../shared/data-directory.ts'
import { reasonOf, toAppError } from '../shared/errors.ts'
import { createFileLog } from '../shared/log.ts'
import { createTranslate, explain } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import { createUtilityProcesses, type UtilityProcess } from '../shared/processes/utility.ts'
import { callChannel, messageChannel } from './bridge/channels.ts'
import { programFolder } from './data/places.ts'
import { startDesktop } from './desktop.ts'
import { appImageOf, startAppImage } from './native/app-image.ts'
import { toElectron } from './native/electron-menu.ts'
import { desktopLanguage } from './native/language.ts'
import type { MenuItem } from './native/menu.ts'
import { chooseQuestionWindow, messageBoxOf } from './native/question-window.ts'
import { isOnSessionBus, trayName } from './native/session-bus.ts'
import { asksForKeys } from './native/shortcuts.ts'
import { nowhere } from './native/spelling.ts'
import { trayIcon } from './native/tray.ts'
import { windowLook } from './native/window-look.ts'
import { pageOrigin } from './page/origin.ts'
import { compiledFolder } from './processes/compiled.ts'
import { describeProcesses } from './processes/started.ts'
import { guardContents, guardSession } from './safety/guard.ts'
import { refuseUnsandboxed } from './safety/sandbox.ts'
import { chromiumSwitches, preferencesOf, schemePrivileges } from './safety/web-preferences.ts'
import type { Desktop, Shell, ShellWindow, WindowOptions } from './shell.ts'
import { dataFolderOf, userDataOf, wordsForWindow, wordsToRepeat } from './start-options.ts'
import { type ConnectedUpdater, channelOf, connectUpdater } from './updates/channel.ts'

const home = path.join(import.meta.dirname, '..')
/** What has to be a file of the system's own, and lies beside the archive: the server with its threads, packages, icons. */
const outside = home.replace(/app\.asar$/, 'app.asar.unpacked')
const icons = path.join(outside, 'icons')
const mac = process.platform === 'darwin'
const appImage = appImageOf(process.env, process.execPath)
/** For an update: all is in order, and whoever installs it ends the application. */
let leaving = false

// Another data directory is another application, with its own window and its own memory.
const data = dataFolderOf(process.argv, process.env, process.cwd())
// Not Electron's own choice, which on two systems is the library's folder.
const userData = userDataOf(path.join(app.getPath('appData'), 'Cloister Desktop'), data)
mkdirSync(userData, { recursive: true })
app.setPath('userData', userData)
app.setAppUserModelId('app.cloister.desktop')
for (const [name, value] of chromiumSwitches) app.commandLine.appendSwitch(name, value)
app.enableSandbox()
protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: schemePrivileges }])

// Before anything is opened: of two, the first one has it all. Nothing here is waited for: Electron is not ready before this module is through.
if (!app.requestSingleInstanceLock()) app.exit(0)
else
  run().catch((error: unknown) => {
    // Nobody must be left with a process that shows nothing and keeps every later start away.
    dialog.showErrorBox('Cloister', error instanceof Error ? error.message : String(error))
    app.exit(1)
  })

async function run(): Promise<void> {
  const log = createFileLog({
    file: path.join(app.getPath('userData'), 'logs', 'desktop.log'),
    level: 'info',
    name: 'cloister-desktop',
  })
  // What nobody awaits is written down; a window that stands there is better than one that vanishes.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, error => log.error('not caught', { error }))

  let desktop: Desktop | undefined
  // macOS says early what it was opened with.
  const early: (() => void)[] = []
  const hand = (given: readonly string[], folder: string) => {
    const tell = () => desktop?.handOver(given, folder)
    if (desktop) tell()
    else early.push(tell)
  }
  const words = (argv: readonly string[], cwd: string) =>
    wordsForWindow(argv, { application: app.getAppPath(), data, cwd })
  app.on('second-instance', (_event, argv, folder) => hand(words(argv, folder), folder))
  app.on('open-file', (event, file) => {
    event.preventDefault()
    hand([file], path.dirname(file))
  })
  app.on('open-url', (event, url) => {
    event.preventDefault()
    hand([url], '/')
  })
  app.on('activate', () => desktop?.activate())
  // With a tray it goes on; whether it does, `closing` of the window has said.
  app.on('window-all-closed', () => {})
  app.on('before-quit', event => {
    if (leaving) return
    event.preventDefault()
    void (desktop ? desktop.quit() : app.exit(0))
  })

  app.on('browser-window-created', (_event, window) => window.on('session-end', () => void desktop?.end()))

  await app.whenReady()
  const unsandboxed = refuseUnsandboxed({
    switchedOff: app.commandLine.hasSwitch('no-sandbox'),
    packaged: app.isPackaged,
    allowed: Boolean(process.env.CLOISTER_UNSANDBOXED),
    appImage: appImage !== undefined,
    languages: app.getPreferredSystemLanguages(),
  })
  if (unsandboxed) {
    log.error('refused to start without the sandbox')
    process.stderr.write(`${unsandboxed.title}\n${unsandboxed.text}\n`)
    dialog.showErrorBox(unsandboxed.title, unsandboxed.text)
    return app.exit(1)
  }
  const openExternal = async (url: string) => (await desktop?.openExternal(url)) ?? false
  const devTools = !app.isPackaged
  guardSession(session.defaultSession, { log, openExternal, devTools })
  app.on('web-contents-created', (_event, contents) => guardContents(contents, { log, openExternal, devTools }))
  protocol.handle('app', request => desktop?.handleRequest(request) ?? Response.error())
  ipcMain.handle(callChannel, ({ sender, senderFrame }, call: unknown) =>
    desktop?.handleCall(
      { window: sender.id, url: senderFrame?.url, isMainFrame: senderFrame !== null && senderFrame.parent === null },
      call,
    ),
  )
  // Of a checkout the system would start Electron's program without the application.
  if (app.isPackaged) app.setAsDefaultProtocolClient('cloister')

  const processes = createUtilityProcesses({
    fork: (module, args, { name, env }) => {
      const child = utilityProcess.fork(module, args, { serviceName: name, env, stdio: ['ignore', 'ignore', 'pipe'] })
      // V8 gave up; the exit follows.
      child.on('error', (type, location) => log.error('a process failed', { name, type, location }))
      return {
        get pid() {
          return child.pid
        },
        stderr: child.stderr,
        postMessage: message => child.postMessage(message),
        on: (event: string, hear: (value: never) => void) => child.on(event as 'exit', hear as (code: number) => void),
      } as UtilityProcess
    },
    ...describeProcesses(path.join(outside, 'server'), {
      env: process.env,
      compiled: app.isPackaged ? compiledFolder(userData, app.getVersion()) : undefined,
    }),
    log,
  })
  const started = await startDesktop({
    shell: createShell(() => desktop, log),
    processes,
    dataDirectory: data ?? null,
    keyGiven: Boolean(process.env.SECRETS_KEY?.trim()),
    usualDirectory: usualDataDirectory(process.env, { platform: process.platform, home: homedir() }),
    log,
  }).catch((error: unknown) => {
    log.error('nothing can be shown', { error })
    const speak = createTranslate(desktopLanguage(null, app.getPreferredSystemLanguages()))
    dialog.showErrorBox('Cloister', explain(speak, reasonOf(toAppError(error))))
  })
  // Without a window it would only keep the next start from being one.
  if (!started) return app.exit(1)
  desktop = started
  // Whoever prevents it is waited for; the types leave the event out. Windows tells windows instead, and waits for nothing that takes time.
  powerMonitor.on('shutdown', ((event: { preventDefault(): void }) => {
    event.preventDefault()
    // macOS says the same when somebody ends it from the dock, who is to be asked about files on their way.
    void (mac ? started.quit() : started.end())
  }) as () => void)
  const given = words(process.argv, process.cwd())
  // It would be brought forward, before there is anything to see.
  if (given.length > 0) started.handOver(given, process.cwd())
  for (const tell of early.splice(0)) tell()
}

function createShell(desktop: () => Desktop | undefined, log: Log): Shell {
  let tray: Tray | undefined
  const notes = new Set<Notification>()
  function overWhich(): BrowserWindow | undefined {
    const all = BrowserWindow.getAllWindows().map(window => ({
      window,
      quick: small.has(window),
      visible: window.isVisible() && !window.isMinimized(),
      focused: window.isFocused(),
    }))
    const { window: over, show } = chooseQuestionWindow(all, process.platform)
    if (over && show) bringForward(over.window)
    return over?.window
  }
  const template = (items: readonly MenuItem[]) =>
    items.map(item => toElectron(item, action => desktop()?.choose(action)))

  return {
    platform: process.platform,
    version: app.getVersion(),
    languages: app.getPreferredSystemLanguages(),
    folders: {
      userData: app.getPath('userData'),
      runtime: [process.env.XDG_RUNTIME_DIR, app.getPath('userData'), app.getPath('temp')].filter(
        folder => folder !== undefined,
      ),
      page: path.join(home, 'dist/renderer'),
      program: programFolder(app.getPath('exe'), {
        platform: process.platform,
        checkout: app.isPackaged ? undefined : home,
      }),
    },
    safeStorage: {
      isAvailable: async () => safeStorage.isEncryptionAvailable(),
      backend: () => (process.platform === 'linux' ? safeStorage.getSelectedStorageBackend() : process.platform),
      encrypt: text => safeStorage.encryptStringAsync(text),
      decrypt: async sealed => (await safeStorage.decryptStringAsync(Buffer.from(sealed))).result,
    },
    channel: channelOf(createRequire(path.join(home, 'package.json'))('./package.json')),
    async connectUpdater(channel, fetchFile) {
      const { default: updater } = await import('electron-updater')
      return connectUpdater(updater.autoUpdater as unknown as ConnectedUpdater, channel, fetchFile)
    },
    openWindow: options => openWindow(options),
    setMenu(items) {
      Menu.setApplicationMenu(Menu.buildFromTemplate(template(items)))
    },
    setTray(wanted) {
      if (!wanted) {
        tray?.destroy()
        tray = undefined
        return
      }
      if (!tray) {
        tray = new Tray(path.join(icons, trayIcon(process.platform)))
        tray.on('click', () => desktop()?.activate())
      }
      tray.setToolTip(wanted.tooltip)
      tray.setContextMenu(Menu.buildFromTemplate(template(wanted.items)))
    },
    // GNOME shows none without an extension.
    showsTray: () => process.platform !== 'linux' || isOnSessionBus(trayName, process.env),
    setProgress(part) {
      for (const window of BrowserWindow.getAllWindows()) window.setProgressBar(part === 'unknown' ? 2 : (part ?? -1))
    },
    notify({ title, body, clicked }) {
      if (!Notification.isSupported()) return
      const note = new Notification({ title, body })
      // Collected as garbage, its click would do nothing.
      notes.add(note)
      note.on('click', clicked)
      for (const end of ['click', 'close', 'failed'] as const) note.on(end as 'close', () => notes.delete(note))
      // So on macOS from a build that nobody signed.
      note.on('failed', (_event, error) => log.warn('a notification was not shown', { error }))
      note.show()
    },
    async ask(question) {
      const options = messageBoxOf(question)
      const over = overWhich()
      const { response } = await (over ? dialog.showMessageBox(over, options) : dialog.showMessageBox(options))
      return response
    },
    async chooseFolder(title) {
      const { filePaths } = await dialog.showOpenDialog({ title, properties: ['openDirectory', 'createDirectory'] })
      return filePaths[0]
    },
    async chooseFiles(title) {
      return (await dialog.showOpenDialog({ title, properties: ['openFile', 'multiSelections'] })).filePaths
    },
    openExternal: url => system.openExternal(url),
    async showFolder(folder) {
      const trouble = await system.openPath(folder)
      if (trouble !== '') throw new Error(trouble)
    },
    addRecent: file => app.addRecentDocument(file),
    clearRecent: () => app.clearRecentDocuments(),
    asksForKeys: asksForKeys(process.platform, process.env, app.commandLine.getSwitchValue('ozone-platform')),
    setShortcut(keys, pressed) {
      globalShortcut.unregisterAll()
      return keys === null || globalShortcut.register(keys, pressed)
    },
    setTheme(theme) {
      nativeTheme.themeSource = theme ?? 'system'
    },
    setSpelling(decide) {
      const { defaultSession } = session
      defaultSession.setSpellCheckerEnabled(false)
      if (!mac) defaultSession.setSpellCheckerDictionaryDownloadURL(nowhere)
      void decide(defaultSession.availableSpellCheckerLanguages).then(spelling => {
        if (spelling.by === 'dictionaries') defaultSession.setSpellCheckerLanguages([...spelling.languages])
        defaultSession.setSpellCheckerEnabled(spelling.by !== 'nobody')
      })
    },
    displays() {
      const main = screen.getPrimaryDisplay()
      const others = screen.getAllDisplays().filter(({ id }) => id !== main.id)
      return [main, ...others].map(({ workArea }) => workArea)
    },
    pointer: () => screen.getCursorScreenPoint(),
    async relaunch() {
      const args = wordsToRepeat(process.argv, { application: app.getAppPath(), data, cwd: process.cwd() })
      if (!appImage) {
        app.relaunch({ args })
        return true
      }
      app.releaseSingleInstanceLock()
      return startAppImage(appImage, args, { env: process.env, log })
    },
    releaseInstance() {
      leaving = true
      app.releaseSingleInstanceLock()
    },
    reclaimInstance() {
      leaving = false
      return app.requestSingleInstanceLock()
    },
    exit(code) {
      globalShortcut.unregisterAll()
      tray?.destroy()
      app.exit(code)
    },
  }
}

function bringForward(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

/** The windows over everything. */
const small = new WeakSet<BrowserWindow>()

function openWindow(options: WindowOptions): ShellWindow {
  const window = new BrowserWindow({
    ...windowLook(options, {
      platform: process.platform,
      dark: nativeTheme.shouldUseDarkColors,
      icon: path.join(icons, 'window.png'),
    }),
    webPreferences: preferencesOf({ preload: path.join(home, 'main/preload.cjs'), release: app.isPackaged }),
  })
  if (options.quick) small.add(window)
  if (options.place.maximized) window.maximize()
  // The page's own colours from the first picture on.
  window.once('ready-to-show', () => window.show())
  void window.loadURL(`${pageOrigin}/${options.hash}`)
  let destroying = false

  return {
    id: window.webContents.id,
    focus: () => bringForward(window),
    hide: () => window.hide(),
    destroy() {
      destroying = true
      window.destroy()
    },
    isVisible: () => window.isVisible() && !window.isMinimized(),
    isFocused: () => window.isFocused(),
    send(message) {
      if (!window.isDestroyed()) window.webContents.send(messageChannel, message)
    },
    print: () => new Promise(resolve => window.webContents.print({ printBackground: false }, () => resolve())),
    on({ placed, closing, closed, blurred, failed, slow }) {
      const tell = () => placed?.({ ...window.getNormalBounds(), maximized: window.isMaximized() })
      // `moved` and `resized` are not told on Linux.
      for (const event of ['move', 'resize', 'maximize', 'unmaximize'] as const) window.on(event as 'move', tell)
      window.on('close', event => {
        if (!destroying && closing?.() === false) event.preventDefault()
      })
      if (closed) window.on('closed', closed)
      if (blurred) window.on('blur', blurred)
      if (failed) {
        // What shows a page that is being closed ends, too, and is no failure.
        const fail = () => void (!destroying && failed())
        window.webContents.on('render-process-gone', fail)
        if (slow) window.on('unresponsive', slow)
      }
    },
  }
}
