/** Was `npm run desktop` denen sagt, die den Quelltext haben. */
export const checkout = {
  staging: 'Die Anwendung wird zusammengestellt …',
  fetching: 'Electron wird heruntergeladen, einmalig: etwa 120 MB …',
  unfetched:
    'Electron ließ sich nicht herunterladen, und ohne Electron gibt es kein Fenster. Starten Sie „npm run desktop“ noch einmal, wo es ein Netz gibt, oder geben Sie mit ELECTRON_OVERRIDE_DIST_PATH einen Ordner an, in dem Electron {{version}} liegt. „npm start“ öffnet Cloister ohne Electron im Browser.',
  absent:
    'Das Paket „electron“ ist nicht installiert, und ohne Electron gibt es kein Fenster. Starten Sie „npm ci“. „npm start“ öffnet Cloister ohne Electron im Browser.',
  elsewhere: 'ELECTRON_OVERRIDE_DIST_PATH nennt {{folder}}, aber dort liegt kein Electron ({{program}} fehlt).',
  unstarted: 'Electron ließ sich nicht starten ({{program}}): {{cause}}',
}
