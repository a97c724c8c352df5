import type { Messages } from './index.ts'

/** Deutsche Texte, mit „Sie“. */
export const de: Messages = {
  error: {
    duplicate: 'Liegt in diesem Projekt schon als „{{file}}“.',
    'empty-file': 'Die Datei ist leer.',
    'unsupported-type': 'Dateien dieser Art können noch nicht gelesen werden. PDF, Markdown und reiner Text schon.',
    'type-mismatch':
      'Der Name endet auf „{{extension}}“, der Inhalt ist aber etwas anderes. Benennen Sie die Datei nach ihrer wahren Art.',
    'too-large': 'Die Datei ist größer als die Grenze von {{limit}} MB.',
    'too-many-pages': 'Das Dokument hat mehr als {{limit}} Seiten. Teilen Sie es auf.',
    'password-protected':
      'Das Dokument ist mit einem Kennwort geschützt. Speichern Sie eine Kopie ohne Kennwort und fügen Sie diese hinzu.',
    damaged:
      'Die Datei ist beschädigt und nicht lesbar. Öffnen Sie sie in ihrem Programm, speichern Sie sie neu und fügen Sie diese Fassung hinzu.',
    'pages-unreadable_one': 'Seite {{pages}} war nicht lesbar; der Rest wurde gelesen.',
    'pages-unreadable_other': '{{count}} Seiten waren nicht lesbar ({{pages}}); der Rest wurde gelesen.',
    'pages-without-text_one':
      'Seite {{pages}} enthält keinen Text (vermutlich ein Bild) und ist über ihre Wörter nicht zu finden.',
    'pages-without-text_other':
      '{{count}} Seiten enthalten keinen Text ({{pages}}; vermutlich Bilder) und sind über ihre Wörter nicht zu finden.',
    'no-text':
      'Das Dokument enthält keinen Text, wie etwa ein Scan. Eine Texterkennung gibt es noch nicht; fügen Sie eine Fassung mit Text hinzu.',
    'text-cut': 'Der Text ist länger, als aufgenommen werden kann; sein Ende fehlt. Teilen Sie die Datei auf.',
    'parser-timeout':
      'Das Lesen dauerte zu lange, ohne voranzukommen, und wurde abgebrochen. Speichern Sie die Datei in ihrem Programm neu oder teilen Sie sie auf.',
    'parser-memory': 'Das Lesen brauchte mehr Speicher als erlaubt und wurde abgebrochen. Teilen Sie die Datei auf.',
    'parser-crashed':
      'An dieser Datei ist das Lesen gescheitert. Speichern Sie sie in ihrem Programm neu und fügen Sie diese Fassung hinzu.',
    'blob-missing': 'Die gespeicherte Datei fehlt im Datenverzeichnis. Fügen Sie sie noch einmal hinzu.',
    'file-missing': 'Diese Datei oder diesen Ordner gibt es nicht: {{file}}',
    'file-unreadable': '{{file}} darf nicht gelesen werden: Die Berechtigung fehlt.',
    'file-changed': 'Die Datei hat sich beim Lesen geändert. Fügen Sie sie noch einmal hinzu.',
    'hidden-file': 'Versteckte Dateien werden ausgelassen.',
    'symbolic-link': 'Verknüpfungen an andere Orte werden ausgelassen.',
    'project-not-found': 'Ein Projekt „{{name}}“ gibt es nicht.',
    'document-not-found': 'Ein Dokument „{{id}}“ gibt es in diesem Projekt nicht.',
    'chat-not-found': 'Eine Unterhaltung „{{id}}“ gibt es in diesem Projekt nicht.',
    'project-exists': 'Ein Projekt „{{name}}“ gibt es schon.',
    'last-project': 'Das letzte Projekt kann nicht gelöscht werden. Legen Sie zuerst ein anderes an.',
    'name-invalid': 'Ein Name braucht 1 bis {{max}} Zeichen, ohne Steuerzeichen.',
    'question-empty': 'Die Frage ist leer.',
    'question-too-long': 'Die Frage ist länger als {{max}} Zeichen. Kürzen Sie sie.',
    'state-conflict': 'Das passt gerade nicht zu „{{name}}“; der Zustand ist: {{state}}.',
    'disk-full':
      'Der Datenträger ist voll. Schaffen Sie Platz und versuchen Sie es noch einmal; nichts Gespeichertes ist verloren.',
    'data-directory':
      'Das Datenverzeichnis {{folder}} ist nicht benutzbar ({{detail}}). Wählen Sie mit --data oder CLOISTER_DATA ein anderes.',
    'data-newer':
      'Eine neuere Version von Cloister hat dieses Datenverzeichnis benutzt. Verwenden Sie diese Version oder ein anderes Verzeichnis.',
    'data-damaged': 'Die Datenbank ist beschädigt. Kopien liegen im Ordner „backups“ des Datenverzeichnisses.',
    'database-busy': 'Ein anderer Vorgang hält die Datenbank besetzt. Versuchen Sie es gleich noch einmal.',
    'sqlite-too-old':
      'Das eingebaute SQLite {{version}} ist zu alt; nötig ist {{minimum}} oder neuer. Führen Sie „npm ci“ aus.',
    'eval-set-invalid': '{{file}} ist keine Fragensammlung: {{detail}}',
    usage: '{{detail}}',
    cancelled: 'Abgebrochen.',
    'lease-lost': 'Die Arbeit wurde anderswo fortgesetzt.',
    internal: 'Etwas ist schiefgegangen, das nicht hätte geschehen dürfen. Näheres steht im Protokoll.',
  },
  answer: {
    declined: 'Dazu habe ich in Ihren Dokumenten keine Antwort gefunden.',
    empty: 'In diesem Projekt liegen noch keine Dokumente.',
  },
}
