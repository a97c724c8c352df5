/** Was Aktualisierungen der Desktop-Anwendung sagen. */
export const updateErrors = {
  'update-unreachable':
    'Der Server mit Aktualisierungen, {{host}}, war nicht zu erreichen. Ohne Netz gibt es keine Aktualisierungen; Cloister arbeitet wie bisher.',
  'update-unavailable':
    'Der Server mit Aktualisierungen gibt die Datei nicht heraus ({{status}}). Versuchen Sie es später noch einmal.',
  'update-missing': 'Für diesen Rechner gibt es diese Version nicht.',
  'update-unsigned':
    'Was der Server mit Aktualisierungen geschickt hat, ist nicht von denen unterschrieben, die Cloister machen. Nichts davon wurde installiert. Geschieht das wieder, hat sich womöglich jemand daran zu schaffen gemacht.',
  'update-damaged': 'Die Aktualisierung ist beschädigt angekommen und wurde verworfen. Versuchen Sie es noch einmal.',
  'update-busy':
    'Gerade werden Dokumente gelesen oder eine Antwort geschrieben. Die Aktualisierung wartet, bis das fertig ist.',
  'update-none':
    'Diese Ausgabe von Cloister kennt keinen Ort für Aktualisierungen. Installieren Sie eine neuere Version von Hand darüber.',
}

export const updates = {
  question: 'Einmal am Tag nach Aktualisierungen suchen?',
  questionDetail:
    'Cloister fragt dann {{host}} nach der neuesten Version und sagt dabei nichts über Sie oder Ihre Dokumente. Jede Anfrage steht im Protokoll der Verbindungen. Über jede Aktualisierung entscheiden Sie. Das lässt sich jederzeit ändern.',
  yes: 'Nach Aktualisierungen suchen',
  no: 'Nein',
  offered: 'Cloister {{version}} ist da; Sie haben {{current}}.',
  noNotes: 'Dazu ist nichts vermerkt.',
  download: 'Herunterladen',
  skip: 'Diese Version überspringen',
  later: 'Später',
  ready: 'Cloister {{version}} kann installiert werden.',
  readyDetail: 'Cloister wird geschlossen, ersetzt und wieder gestartet. Ihre Dokumente bleiben, wo sie sind.',
  install: 'Installieren und neu starten',
  current: 'Cloister {{current}} ist die neueste Version.',
  back: 'Zurück zu Cloister {{version}}?',
  backDetail:
    'Eine Bibliothek, die die neuere Version geändert hat, lässt sich mit der älteren womöglich nicht öffnen. Machen Sie vorher eine Sicherung; eine Kopie von vor der Änderung liegt im Datenordner unter „backups“.',
  goBack: 'Zurückgehen',
}
