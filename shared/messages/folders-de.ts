import type { folders as english } from './folders-en.ts'

export const folders: typeof english = {
  error: {
    'path-too-long':
      'Der Pfad der Datei ist zu lang. Legen Sie sie weniger tief ab oder kürzen Sie die Namen der Ordner darüber.',
    'folder-not-found': 'Dieses Projekt folgt keinem solchen Ordner (mehr): {{id}}',
    'folder-not-absolute':
      'Geben Sie den ganzen Pfad des Ordners an, vom Laufwerk oder vom ersten Schrägstrich an: {{folder}} ist keiner.',
    'folder-missing':
      'Der Ordner {{folder}} ist nicht da. Seine Dokumente bleiben; sobald er wieder da ist (ein Laufwerk verbunden, ein Netz erreichbar), macht Cloister von selbst weiter.',
    'folder-unreadable':
      'Der Ordner {{folder}} kann nicht gelesen werden: Die Berechtigung fehlt, oder sein Datenträger meldet einen Fehler. Seine Dokumente bleiben; sobald er sich lesen lässt, macht Cloister von selbst weiter.',
    'folder-no-folder': '{{folder}} ist kein Ordner.',
    'folder-replaced':
      'An der Stelle von {{folder}} liegt jetzt ein anderer Ordner: Wahrscheinlich ist sein Laufwerk nicht verbunden. Die Dokumente bleiben; sobald der Ordner wieder da ist, macht Cloister von selbst weiter.',
    'folder-empty':
      'Der Ordner {{folder}} liegt auf einem anderen Rechner und ist plötzlich leer. Die Dokumente bleiben; sobald wieder Dateien da sind, macht Cloister von selbst weiter.',
    'folder-silent':
      'Der Ordner {{folder}} antwortet nicht: Sein Laufwerk oder der Rechner, auf dem er liegt, hängt. Seine Dokumente bleiben, und mit anderen Ordnern geht es weiter; sobald er antwortet, macht Cloister von selbst weiter.',
    'folder-part-missing':
      'Die Datei ist nicht da, und der Datenträger, auf dem sie lag, auch nicht. Ihr Dokument bleibt, bis er wieder da ist.',
    'file-gone':
      'Die Datei fehlt, wie viele andere seit demselben Augenblick. Ihr Dokument bleibt, bis die Datei wieder da ist oder Sie es entfernen.',
    'file-awaited': 'Die Datei fehlt. Ihr Dokument bleibt, wie Sie es wollten, bis sie wieder da ist.',
    'missing-more':
      'Es fehlen mehr Dateien, als Ihnen genannt wurden: inzwischen {{files}} von {{known}}. Kein Dokument ist in den Papierkorb gekommen. Sehen Sie nach, welche es sind, und entscheiden Sie dann noch einmal.',
    'folder-overlaps':
      'Dieses Projekt folgt bereits {{other}}; einer der beiden Ordner liegt im anderen. Folgen Sie nur dem äußeren.',
    'folders-off':
      'Hier lässt sich keinem Ordner folgen: Dieser Server hat mehrere Benutzer oder eine PostgreSQL-Datenbank, und die Ordner wären die seines Rechners. Fügen Sie stattdessen Dateien hinzu.',
    'watch-limit':
      'Das System beobachtet nicht noch mehr Ordner zugleich; nach Änderungen in diesem wird deshalb nur ab und zu gesehen. Unter Linux setzt fs.inotify.max_user_watches die Grenze.',
  },
  command: {
    folders: 'die Ordner ansehen und verwalten, denen ein Projekt folgt',
    'folders-list': 'alle Ordner, denen das Projekt folgt',
    'folders-follow': 'einem Ordner folgen: Was sich in ihm ändert, ändert sich im Projekt',
    'folders-missing': 'sagen, was aus Dokumenten wird, deren Dateien fehlen',
    'folders-unfollow': 'einem Ordner nicht mehr folgen',
    folderPath: 'Ordner',
    folderNamed: 'Ordner, oder die Kennung eines, dem das Projekt folgt',
  },
  help: {
    ignore: 'dies auslassen, geschrieben wie eine Zeile in .gitignore; mehrmals möglich',
    keepDocuments: 'seine Dokumente bleiben im Projekt',
    awaitDocuments: 'seine Dokumente warten weiter auf ihre Dateien',
    trashDocuments: 'seine Dokumente kommen in den Papierkorb',
  },
  cli: {
    none: 'Dieses Projekt folgt keinem Ordner.',
    path: 'Ordner',
    state: 'Stand',
    files: 'Dokumente',
    problems: 'Probleme',
    unsupported: 'Andere Typen',
    states: {
      looking: 'wird durchgesehen',
      following: 'auf dem neuesten Stand',
      asking: 'Dateien fehlen',
      paused: 'wartet',
      leaving: 'seine Dokumente kommen in den Papierkorb',
      resting: 'wird befolgt, solange „cloister serve“ läuft',
    },
    missing:
      '{{files}} von {{known}} Dateien fehlen, seit {{since}}. Ihre Dokumente bleiben; kommen die Dateien zurück, geht es von selbst weiter.',
    missingAsk: 'Wurden sie mit Absicht gelöscht: „cloister folders missing ORDNER --trash-documents“.',
    awaited: 'Die Dokumente fehlender Dateien warten weiter: {{path}}',
    removed: 'Die Dokumente fehlender Dateien kommen in den Papierkorb: {{path}}',
    followed: 'Das Projekt folgt jetzt: {{path}}',
    later: 'Solange „cloister serve“ läuft, werden Änderungen darin binnen Sekunden übernommen.',
    kept: 'Das Projekt folgt nicht mehr: {{path}}. Seine Dokumente bleiben.',
    trashed: 'Das Projekt folgt nicht mehr: {{path}}. Seine Dokumente kommen in den Papierkorb.',
    choose:
      'Geben Sie --keep-documents oder --trash-documents an: ob seine Dokumente bleiben oder in den Papierkorb kommen.',
    ask: 'Seine Dokumente behalten? [ja/nein] ',
  },
}
