/** How every window is made. As data: `tests/desktop/safety.test.ts` sees to it that none is made otherwise. */

/** Whatever is not named here stays as Electron has it, which is safe. */
export const webPreferences = {
  sandbox: true,
  contextIsolation: true,
  webSecurity: true,
  allowRunningInsecureContent: false,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webviewTag: false,
  experimentalFeatures: false,
  plugins: false,
  /** A file that is dropped beside the page's own field must not take its place. */
  navigateOnDragDrop: false,
  safeDialogs: true,
  spellcheck: true,
} as const

export interface WindowPreferences {
  preload: string
  devTools: boolean
}

export type AllPreferences = typeof webPreferences & WindowPreferences

/** `release`: an installed program, whose page nobody is to look into: with its tools one can call the bridge. */
export function preferencesOf({ preload, release }: { preload: string; release: boolean }): AllPreferences {
  return { ...webPreferences, preload, devTools: !release }
}

/** Of the scheme `app:`, before Electron is ready: with an origin of its own, and with no way past the policy of its pages. */
export const schemePrivileges = {
  standard: true,
  secure: true,
  supportFetchAPI: true,
  stream: true,
  codeCache: true,
  bypassCSP: false,
  corsEnabled: false,
  allowServiceWorkers: false,
} as const

/**
 * For Chromium's command line. No name and no address leads anywhere, so that nothing in it can call home: dictionaries, updates of its parts,
 * prefetching. Our own connections are Node's, over the gate.
 */
export const chromiumSwitches: readonly (readonly [name: string, value?: string])[] = [
  ['host-resolver-rules', 'MAP * ~NOTFOUND'],
  ['disable-background-networking'],
  ['disable-component-update'],
  ['disable-domain-reliability'],
  ['no-pings'],
]
