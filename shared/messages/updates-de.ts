/** Was Updates der Desktop-Anwendung sagen. */
export const updateErrors = {
  'update-unreachable':
    'Der Server mit Updates, {{host}}, war nicht zu erreichen. Ohne Netz gibt es keine Updates; Cloister arbeitet wie bisher.',
  'update-unavailable':
    'Der Server mit Updates gibt die Datei nicht heraus ({{status}}). Versuchen Sie es später noch einmal.',
  'update-missing': 'Für diesen Rechner gibt es diese Version nicht.',
  'update-unsigned':
    'Was der Server mit Updates geschickt hat, ist nicht von denen unterschrieben, die Cloister machen. Nichts davon wurde installiert. Geschieht das wieder, hat sich womöglich jemand daran zu schaffen gemacht.',
  'update-damaged': 'Das Update ist beschädigt angekommen und wurde verworfen. Versuchen Sie es noch einmal.',
  'update-busy':
    'Gerade werden Dokumente gelesen oder eine Antwort geschrieben. Das Update wartet, bis das fertig ist.',
  'update-not-installed':
    'Version {{version}} ließ sich nicht installieren. Cloister arbeitet mit der bisherigen weiter, und es fehlt nichts. Versuchen Sie es noch einmal, oder installieren Sie die neue Version von Hand darüber.',
  'update-none':
    'Für diese Ausgabe von Cloister gibt es keine Updates, weil darin nicht steht, woher sie kämen. Installieren Sie eine neuere Version von Hand darüber.',
}
