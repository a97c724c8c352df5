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
  'update-not-installed':
    'Version {{version}} ließ sich nicht installieren. Cloister arbeitet mit der bisherigen weiter, und es fehlt nichts. Versuchen Sie es noch einmal, oder installieren Sie die neue Version von Hand darüber.',
  'update-none':
    'Diese Ausgabe von Cloister kennt keinen Ort für Aktualisierungen. Installieren Sie eine neuere Version von Hand darüber.',
}
