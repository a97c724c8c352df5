/** What `npm run desktop` says to whoever has the sources. */
export const checkout = {
  staging: 'Putting the application together …',
  fetching: 'Fetching Electron, once: some 120 MB …',
  unfetched:
    'Electron could not be fetched, and without it there is no window. Run “npm run desktop” again where there is a network, or set ELECTRON_OVERRIDE_DIST_PATH to a folder with Electron {{version}}. “npm start” opens Cloister in the browser, without Electron.',
  absent:
    'Electron’s package is not installed, and without it there is no window. Run “npm ci”. “npm start” opens Cloister in the browser, without Electron.',
  elsewhere: 'ELECTRON_OVERRIDE_DIST_PATH says {{folder}}, and there is no Electron in it ({{program}} is missing).',
  unstarted: 'Electron could not be started ({{program}}): {{cause}}',
}
