/** Deutsche Texte, mit „Sie“. */

import { checkout } from './checkout-de.ts'
import { desktop, keyErrors } from './desktop-de.ts'
import { folders } from './folders-de.ts'
import type { Messages } from './index.ts'
import { mail } from './mail-de.ts'
import { updateErrors } from './updates-de.ts'

export const de: Messages = {
  error: {
    duplicate: 'Liegt in diesem Projekt schon als „{{file}}“.',
    'empty-file': 'Die Datei ist leer. Speichern Sie sie in ihrem Programm neu, falls etwas darin stehen sollte.',
    'unsupported-type':
      'Dateien dieser Art können nicht gelesen werden. Lesbar sind PDF, Word, Excel, PowerPoint, OpenDocument, RTF, Text, Quelltext, Untertitel (VTT, SRT), Kalender (ICS), Markdown, CSV, Webseiten (HTML), E-Books (EPUB), E-Mails (EML, MSG, MBOX), Bilder (PNG, JPEG, TIFF, WebP) und ZIP-Archive.',
    'unsupported-type_convert':
      'Dateien dieser Art können nicht gelesen werden. Öffnen Sie die Datei in ihrem Programm, speichern Sie sie als {{ending}} und fügen Sie diese Fassung hinzu.',
    'unsupported-type_unpack':
      'Archive dieser Art können nicht gelesen werden, nur ZIP. Packen Sie es aus und fügen Sie die Dateien hinzu, die Sie brauchen.',
    'unsupported-type_useless': 'Das ist {{kind}}; darin steht kein Text, der sich lesen ließe.',
    'type-mismatch':
      'Der Inhalt ist etwas anderes, als die Endung des Namens sagt. Prüfen Sie, was für eine Datei es ist, und benennen Sie sie danach um.',
    'type-mismatch_rename':
      'Die Endung des Namens stimmt nicht: Dem Inhalt nach ist das {{kind}}. Benennen Sie die Datei so um, dass sie auf {{ending}} endet, und fügen Sie sie noch einmal hinzu.',
    'type-mismatch_convert':
      'Die Endung des Namens stimmt nicht: Dem Inhalt nach ist das {{kind}}. Öffnen Sie die Datei in ihrem Programm, speichern Sie sie als {{ending}} und fügen Sie diese Fassung hinzu.',
    'type-mismatch_unpack':
      'Die Endung des Namens stimmt nicht: Dem Inhalt nach ist das {{kind}}. Packen Sie es aus und fügen Sie die Dateien hinzu, die Sie brauchen.',
    'type-mismatch_useless':
      'Die Endung des Namens stimmt nicht: Dem Inhalt nach ist das {{kind}}; darin steht kein Text, der sich lesen ließe.',
    'too-large': 'Die Datei ist größer als die Grenze von {{limit}} MB. Teilen Sie sie auf.',
    'too-many-pages': 'Das Dokument hat mehr als {{limit}} Seiten. Teilen Sie es auf.',
    'password-protected':
      'Das Dokument ist mit einem Kennwort geschützt. Geben Sie es ein, oder fügen Sie eine Kopie ohne Kennwort hinzu. Das Kennwort wird nur zum Lesen gebraucht und nicht gespeichert.',
    'password-wrong':
      'Das Kennwort passt nicht. Achten Sie auf Groß- und Kleinschreibung und versuchen Sie es noch einmal.',
    damaged:
      'Die Datei ist beschädigt und nicht lesbar. Öffnen Sie sie in ihrem Programm, speichern Sie sie neu und fügen Sie diese Fassung hinzu.',
    'partly-damaged':
      'Die Datei ist beschädigt; gelesen wurde, was zu retten war. Prüfen Sie, was fehlt, oder speichern Sie sie in ihrem Programm neu.',
    'archive-too-large':
      'Die Datei packt sich zu etwas viel Größerem aus, als erlaubt ist, und wurde deshalb nicht gelesen. Öffnen Sie sie nur, wenn Sie dem Absender trauen, und fügen Sie daraus hinzu, was Sie brauchen.',
    'archive-too-deep': 'Archive und Mails werden bis zu drei Ebenen tief geöffnet. Packen Sie diese Datei selbst aus.',
    'too-deep': 'Der Inhalt ist zu tief ineinander verschachtelt; gelesen wurde der Text ohne seine Gliederung.',
    'drm-protected':
      'Das Buch ist mit einem Kopierschutz (DRM) verschlüsselt und nur im Programm des Verkäufers lesbar. Fügen Sie eine Fassung ohne Kopierschutz hinzu.',
    'page-frame-left-out':
      'Menüs, Linklisten und Fragen nach Einwilligung auf der Webseite blieben weg (Wörter: {{words}}); alles andere wurde gelesen.',
    'objects-left-out':
      'In das Dokument eingefügte Objekte anderer Programme ({{count}}), etwa eine Tabelle, die als Bild zu sehen ist, wurden nicht gelesen.',
    'cells-hidden':
      'Darin sind Blätter, Zeilen oder Spalten ausgeblendet. Sie wurden mitgelesen: Was daraus zitiert wird, sehen Sie in der Mappe erst, wenn Sie sie einblenden.',
    'mail-sealed':
      'Der Inhalt der Mail ist verschlüsselt oder in seiner Signatur verpackt (S/MIME, PGP); gelesen wurden nur ihre Kopfzeilen. Speichern Sie sie in Ihrem Mailprogramm unverschlüsselt und fügen Sie diese Fassung hinzu.',
    'xfa-form':
      'Das ist ein XFA-Formular, dessen Felder fast nur Programme von Adobe zeigen; was darin eingetragen ist, wurde nicht gelesen. Öffnen Sie es dort, drucken Sie es als PDF und fügen Sie diese Fassung hinzu.',
    'read-with-password':
      'Das Dokument ist geschützt; gelesen wurde es mit seinem Kennwort, das nicht aufbewahrt wurde. Zum erneuten Lesen wird es wieder gebraucht.',
    'files-left-out': 'Nicht übernommene Dateien darin: {{count}} von {{total}}. Bei jeder steht, warum.',
    'recognition-off':
      'Als dieses Dokument gelesen wurde, war die Texterkennung ausgeschaltet. Schalten Sie sie in den Einstellungen ein; dort lassen sich solche Dokumente dann auf einmal noch einmal lesen.',
    'recognition-stopped_one':
      'Die Texterkennung wurde abgebrochen; der Text von 1 Seite fehlt. „Noch einmal lesen“ holt ihn nach.',
    'recognition-stopped_other':
      'Die Texterkennung wurde abgebrochen; der Text von {{count}} Seiten fehlt. „Noch einmal lesen“ holt ihn nach.',
    'recognition-failed': 'Auf Seite {{pages}} gelang die Texterkennung nicht.',
    'recognition-unsure': 'Auf Seite {{pages}} ist die Texterkennung unsicher; vergleichen Sie mit dem Bild der Seite.',
    'pages-unreadable_one': 'Seite {{pages}} war nicht lesbar; der Rest wurde gelesen.',
    'pages-unreadable_other': '{{count}} Seiten waren nicht lesbar ({{pages}}); der Rest wurde gelesen.',
    'pages-without-text_one':
      'Seite {{pages}} enthält keinen Text (vermutlich ein Bild) und ist über ihre Wörter nicht zu finden.',
    'pages-without-text_other':
      '{{count}} Seiten enthalten keinen Text ({{pages}}; vermutlich Bilder) und sind über ihre Wörter nicht zu finden.',
    'pages-broken-text_one':
      'Der Text, der in Seite {{pages}} steckt, ist beschädigt und sagt etwas anderes, als die Seite zeigt; er wurde nicht neu erkannt.',
    'pages-broken-text_other':
      'Der Text, der in {{count}} Seiten steckt ({{pages}}), ist beschädigt und sagt etwas anderes, als die Seiten zeigen; er wurde nicht neu erkannt.',
    'no-text':
      'Im Dokument wurde kein Text gefunden. Fügen Sie eine Fassung mit Text hinzu; bei einem Scan oder Foto hilft ein schärferes Bild.',
    'text-cut': 'Der Text ist länger, als aufgenommen werden kann; sein Ende fehlt. Teilen Sie die Datei auf.',
    'parser-timeout':
      'Das Lesen dauerte zu lange, ohne voranzukommen, und wurde abgebrochen. Speichern Sie die Datei in ihrem Programm neu oder teilen Sie sie auf.',
    'parser-memory': 'Das Lesen brauchte mehr Speicher als erlaubt und wurde abgebrochen. Teilen Sie die Datei auf.',
    'parser-crashed':
      'An dieser Datei ist das Lesen gescheitert. Speichern Sie sie in ihrem Programm neu und fügen Sie diese Fassung hinzu.',
    'blob-missing': 'Die gespeicherte Datei fehlt im Datenverzeichnis. Fügen Sie sie noch einmal hinzu.',
    'blob-damaged':
      'Die gespeicherte Datei ist nicht mehr die hinzugefügte: Sie wurde im Datenverzeichnis gekürzt oder geändert. Fügen Sie sie noch einmal hinzu.',
    'blob-store-unreachable':
      'Der Speicher, in dem die Dateien liegen, antwortet nicht ({{detail}}). Was gespeichert ist, bleibt; die Arbeit geht weiter, wenn er wieder da ist.',
    'blob-store-refused':
      'Der Speicher, in dem die Dateien liegen, verweigert den Zugriff ({{detail}}). Prüfen Sie Adresse, Region und Schlüssel und was die Schlüssel dürfen.',
    'blob-store-missing':
      'Im Speicher für die Dateien gibt es keinen Bucket „{{bucket}}“. Legen Sie ihn an, oder prüfen Sie den Namen.',
    'blob-store-full':
      'Der Speicher, in dem die Dateien liegen, ist voll. Schaffen Sie dort Platz; was gespeichert ist, bleibt.',
    'file-missing': 'Diese Datei oder diesen Ordner gibt es nicht: {{file}}',
    'file-unreadable':
      '{{file}} lässt sich nicht lesen: Die Berechtigung fehlt, oder der Datenträger meldet einen Fehler.',
    'file-changed': 'Die Datei hat sich beim Lesen geändert. Fügen Sie sie noch einmal hinzu.',
    'hidden-file': 'Versteckte Dateien werden ausgelassen.',
    'symbolic-link': 'Verknüpfungen an andere Orte werden ausgelassen.',
    'own-data': 'Cloisters eigenes Datenverzeichnis wird ausgelassen.',
    ...folders.error,
    'project-not-found': 'Ein Projekt „{{name}}“ gibt es nicht.',
    'document-not-found': 'Ein Dokument „{{id}}“ gibt es in diesem Projekt nicht.',
    'job-not-found': 'Aufgegebene Arbeit „{{id}}“ gibt es nicht.',
    'document-ambiguous': '„{{id}}“ kann mehrere Dokumente meinen: {{ids}}',
    'message-not-found': 'Eine Nachricht „{{id}}“ gibt es in dieser Unterhaltung nicht.',
    'answer-not-found': 'Diese Antwort ist beendet; was von ihr bleibt, steht in ihrer Unterhaltung.',
    'chat-not-found': 'Eine Unterhaltung „{{id}}“ gibt es in diesem Projekt nicht.',
    'project-exists': 'Ein Projekt „{{name}}“ gibt es schon.',
    'last-project': 'Das letzte Projekt kann nicht gelöscht werden. Legen Sie zuerst ein anderes an.',
    'name-invalid': 'Ein Name braucht 1 bis {{max}} Zeichen, ohne Steuerzeichen.',
    'question-empty': 'Die Frage ist leer.',
    'question-too-long': 'Die Frage ist länger als {{max}} Zeichen. Kürzen Sie sie.',
    'prompt-empty': 'Die Eingabe für das Modell ist leer.',
    'state-conflict': 'Das passt gerade nicht zu „{{name}}“; der Zustand ist: {{state}}.',
    'no-model':
      'Hier gibt es kein Sprachmodell. Fügen Sie unter „Modelle“ oder mit `cloister models add` eine GGUF-Datei hinzu, oder nennen Sie eine in LLM_MODEL_PATH.',
    'model-missing':
      'Die Modelldatei {{file}} ist nicht da. Prüfen Sie die Einstellung, oder fügen Sie das Modell neu hinzu.',
    'model-invalid': 'Die Modelldatei „{{name}}“ ist nicht brauchbar: {{detail}}. Beschaffen Sie sie neu.',
    'model-unsupported': 'Das Modell „{{name}}“ ist dafür nicht geeignet: {{detail}}.',
    'model-memory':
      'Das Modell „{{name}}“ braucht {{needed}} MB Arbeitsspeicher; frei sind {{free}} MB. Nehmen Sie ein kleineres.',
    'model-memory_smaller':
      'Das Modell „{{name}}“ braucht {{needed}} MB Arbeitsspeicher; {{free}} MB sind frei. „{{smaller}}“ aus dem Katalog würde passen.',
    'model-input': 'Der Text ist länger, als das Modell „{{name}}“ lesen kann.',
    'model-context':
      'Das Modell „{{name}}“ darf nur {{size}} Tokens auf einmal lesen, zu wenig für eine Antwort. Setzen Sie LLM_CONTEXT_SIZE höher.',
    'model-crashed': 'Das Modell hat unerwartet aufgehört; für die nächste Frage wird es neu gestartet.',
    'model-timeout':
      'Das Modell kam nicht mehr voran und wurde angehalten; für die nächste Frage wird es neu gestartet.',
    'model-unavailable': 'Das Modell ist mehrmals nacheinander ausgefallen und pausiert eine Weile.',
    'model-unproven':
      'Was das Modell schrieb, ließ sich aus Ihren Dokumenten nicht belegen; sie werden stattdessen zitiert.',
    'model-declined': 'Das Modell fand in Ihren Dokumenten keine Antwort; sie werden stattdessen zitiert.',
    'model-not-found': 'Ein Modell „{{name}}“ gibt es nicht.',
    'model-cannot': 'Das Modell „{{name}}“ kann das nicht: {{what}}.',
    'model-replaced': '„{{name}}“ konnte nicht antworten; an seiner Stelle hat „{{other}}“ geantwortet.',
    'provider-not-found': 'Einen Anbieter „{{name}}“ gibt es nicht.',
    'provider-exists': 'Einen Anbieter „{{name}}“ gibt es schon.',
    'provider-fixed':
      'Der Anbieter „{{name}}“ ist durch die Umgebung gesetzt ({{variable}}); er lässt sich nur dort ändern.',
    'provider-invalid':
      'Das ist keine Adresse eines Servers mit Modellen: {{address}}. Geben Sie eine an wie http://localhost:11434, ohne Name oder Passwort darin.',
    'provider-off': 'Der Anbieter „{{name}}“ ist abgeschaltet.',
    'search-by-words':
      'Dieses Projekt wird nach Wörtern durchsucht: Das Modell, das Stellen nach ihrem Sinn findet, läuft bei „{{name}}“, und dorthin gibt das Projekt keinen Text.',
    'provider-not-allowed': 'Dieses Projekt lässt den Anbieter „{{name}}“ nicht zu.',
    'provider-key': '„{{name}}“ hat den Schlüssel abgelehnt. Bitte geben Sie einen gültigen ein.',
    'provider-key-lost': 'Der Schlüssel für „{{name}}“ ist nicht mehr lesbar. Bitte geben Sie ihn neu ein.',
    'provider-unreachable': '„{{name}}“ ({{host}}) ist nicht erreichbar.',
    'provider-silent': '„{{name}}“ hat nicht rechtzeitig geantwortet.',
    'provider-busy': '„{{name}}“ nimmt im Moment keine Anfragen mehr an. Bitte versuchen Sie es später noch einmal.',
    'provider-failed':
      '„{{name}}“ hat selbst ein Problem (Fehler {{status}}). Bitte versuchen Sie es später noch einmal.',
    'provider-broken': '„{{name}}“ hat mitten in der Antwort abgebrochen.',
    'provider-strange': 'Was „{{name}}“ antwortet, sagt kein Server mit Modellen. Bitte prüfen Sie die Adresse.',
    'provider-rests': '„{{name}}“ ist mehrmals nacheinander ausgefallen und wird eine Weile in Ruhe gelassen.',
    'project-local-only': 'Dieses Projekt arbeitet nur mit Modellen dieses Rechners; „{{name}}“ läuft anderswo.',
    'secrets-key':
      'SECRETS_KEY wird gebraucht, um mit PostgreSQL Schlüssel aufzubewahren: überall derselbe, etwa 32 zufällige Bytes in Base64.',
    ...keyErrors,
    ...updateErrors,
    'secrets-unreadable':
      'Etwas Verschlossenes lässt sich mit dem vorhandenen Schlüssel nicht öffnen. Setzen Sie den SECRETS_KEY, mit dem es verschlossen wurde, oder geben Sie den Schlüssel neu ein.',
    'secrets-unreadable_file':
      'In „{{file}}“ steht nicht der Schlüssel, mit dem dies verschlossen wurde. Legen Sie die richtige Datei zurück, oder entfernen Sie diese und geben Sie die Schlüssel der Anbieter neu ein.',
    'model-other': 'Das Modell „{{name}}“ ist nicht da; statt seiner hat „{{other}}“ geantwortet.',
    'model-exists': 'Ein Modell „{{name}}“ gibt es schon.',
    'model-too-large':
      'Das Modell „{{name}}“ ist größer als die Grenze von {{limit}} MB. MAX_MODEL_SIZE_BYTES setzt eine andere.',
    'download-address':
      '„{{given}}“ ist weder ein Modell des Katalogs (etwa qwen3-0.6b oder multilingual-e5-small; models/catalog.json nennt alle) noch eine Adresse, die mit https:// oder http:// beginnt.',
    'download-unnamed':
      'Die Adresse {{given}} endet nicht mit dem Namen einer GGUF-Datei. Sagen Sie, wie das Modell heißen soll (--name).',
    'download-unnamed_name':
      '„{{given}}“ ist kein Name für ein Modell: Er muss auf .gguf enden, kein Pfad sein und nicht mit einem Punkt beginnen.',
    'download-unreachable':
      '{{host}} antwortet nicht, oder die Verbindung bricht immer wieder ab. Was angekommen ist, bleibt; versuchen Sie es später noch einmal.',
    'download-missing': '{{host}} hat diese Datei nicht, oder nicht mehr. Prüfen Sie die Adresse.',
    'download-refused':
      '{{host}} gibt diese Datei nicht heraus (HTTP {{status}}). Vielleicht braucht es eine Anmeldung oder eine Zustimmung: Laden Sie sie im Browser, und fügen Sie die Datei hinzu.',
    'download-no-model':
      '{{host}} schickt eine Webseite statt eines Modells. Prüfen Sie die Adresse; wenn dort eine Anmeldung nötig ist, laden Sie das Modell im Browser, und fügen Sie die Datei hinzu.',
    'download-wrong':
      'Was {{host}} schickt, ist nicht die verlangte Datei: Ihre Größe oder ihre Prüfsumme ist eine andere. Nichts davon wurde behalten.',
    'download-other':
      'Ein Modell „{{name}}“ wird gerade von einer anderen Adresse geladen, oder ein Teil davon ist da. Brechen Sie das erst ab, oder wählen Sie einen anderen Namen.',
    'download-elsewhere': 'Ein anderer Prozess von Cloister lädt „{{name}}“ gerade. Halten Sie es dort an.',
    'download-not-found': 'Es gibt keinen Download „{{name}}“.',
    'pack-invalid':
      '„{{folder}}“ ist kein Modellpaket: Darin fehlt manifest.json. „cloister models pack“ macht solche Pakete.',
    'pack-invalid_manifest':
      'Die Datei manifest.json in „{{folder}}“ ist beschädigt oder keine eines Modellpakets. Nichts wurde übernommen; machen Sie das Paket neu.',
    'pack-invalid_newer':
      'Das Modellpaket „{{folder}}“ wurde mit einer neueren Version von Cloister gemacht. Nichts wurde übernommen; bringen Sie diese auf den neuen Stand.',
    'pack-invalid_empty': 'Es gibt kein Modell, das in ein Paket könnte.',
    'pack-invalid_kept':
      'Die Datei manifest.json in „{{folder}}“ ist beschädigt oder keine eines Modellpakets. Nichts wurde geschrieben; nehmen Sie einen anderen Ordner, oder entfernen Sie diese Datei.',
    'pack-invalid_keptNewer':
      'Das Modellpaket „{{folder}}“ wurde mit einer neueren Version von Cloister gemacht. Nichts wurde geschrieben; nehmen Sie einen anderen Ordner, oder bringen Sie diese auf den neuen Stand.',
    'pack-invalid_name':
      '„{{name}}“ kann kein Modell in einem Paket heißen. Nichts wurde geschrieben; geben Sie der Datei einen anderen Namen.',
    'pack-invalid_twice':
      'Zwei Modelle heißen „{{name}}“ (Großbuchstaben zählen nicht). Nichts wurde geschrieben; geben Sie einer der Dateien einen anderen Namen.',
    'pack-damaged':
      'Das Modell „{{name}}“ im Paket ist beschädigt: Seine Prüfsumme ist eine andere. Nichts wurde übernommen; machen Sie das Paket neu.',
    'pack-damaged_missing':
      'Das Modell „{{name}}“ fehlt im Paket. Nichts wurde übernommen; kopieren Sie den ganzen Ordner, oder machen Sie das Paket neu.',
    'pack-damaged_size':
      'Das Modell „{{name}}“ im Paket ist nicht vollständig. Nichts wurde übernommen; kopieren Sie es noch einmal, oder machen Sie das Paket neu.',
    'pack-damaged_file':
      'Die Datei „{{name}}“ fehlt im Paket oder ist nicht die, die gepackt wurde. Nichts wurde übernommen. Kopieren Sie das Paket noch einmal.',
    'pack-damaged_link':
      'Das Modell „{{name}}“ im Paket ist eine Verknüpfung oder keine Datei. Nichts wurde übernommen.',
    'pack-damaged_source':
      'Die Bytes des Modells „{{name}}“ haben sich geändert, seit es hinzugefügt wurde; es kommt in kein Paket. Entfernen Sie es, und laden Sie es neu.',
    'pack-unwritable':
      '„{{file}}“ lässt sich nicht schreiben ({{detail}}). Ist dort Platz, und dürfen Sie dort schreiben? Als FAT32 formatierte Sticks nehmen keine Datei über 4 GB, als exFAT formatierte schon.',
    'disk-full':
      'Der Datenträger ist voll. Schaffen Sie Platz und versuchen Sie es noch einmal; nichts Gespeichertes ist verloren.',
    'disk-error':
      'Der Datenträger des Datenverzeichnisses meldet einen Fehler ({{detail}}). Was gespeichert ist, bleibt; kommt es wieder, prüfen Sie den Datenträger.',
    'data-unwritable':
      'Cloister darf in seinem Datenverzeichnis nicht lesen oder schreiben. Prüfen Sie, wem Ordner und Dateien gehören und ob der Datenträger nur lesbar ist.',
    'out-of-memory':
      'Der Rechner hat keinen freien Arbeitsspeicher mehr. Beenden Sie andere Programme; was gespeichert ist, bleibt.',
    'data-directory':
      'Das Datenverzeichnis {{folder}} ist nicht benutzbar ({{detail}}). Wählen Sie mit --data oder CLOISTER_DATA ein anderes.',
    'data-newer':
      'Eine neuere Version von Cloister hat dieses Datenverzeichnis benutzt. Verwenden Sie diese Version oder ein anderes Verzeichnis.',
    'data-older':
      'Die Datenbank stammt von einer älteren Version von Cloister. Rufen Sie einmal „cloister documents list“ auf, oder starten Sie den Server neu: Das bringt sie auf den Stand dieser Version.',
    'data-damaged':
      'Die Datenbank ist beschädigt. Setzen Sie eine Sicherung an ihre Stelle. Gibt es keine, liegt vielleicht eine Kopie von vor der letzten neuen Version im Ordner „backups“ des Datenverzeichnisses.',
    'data-damaged_kept':
      'Die Datenbank ist beschädigt. Setzen Sie eine der Sicherungen an ihre Stelle, die in {{backups}} liegen.',
    'database-busy': 'Ein anderer Vorgang hält die Datenbank besetzt. Versuchen Sie es gleich noch einmal.',
    'database-unreachable':
      'Die Datenbank unter {{address}} ist nicht zu erreichen. Läuft dort PostgreSQL und nichts anderes, und kommt dieser Rechner zu ihm durch? Was gespeichert war, ist nicht verloren.',
    'database-refused':
      'Die Datenbank lässt den Benutzer „{{user}}“ nicht ein ({{detail}}). Prüfen Sie Benutzer und Passwort in DATABASE_URL; manche Server verlangen am Ende auch „?sslmode=require“.',
    'database-not-found':
      'Auf dem Server gibt es keine Datenbank „{{name}}“. Legen Sie sie an, oder nennen Sie in DATABASE_URL eine andere.',
    'database-not-found_unnamed':
      'DATABASE_URL nennt keine Datenbank, und auf dem Server gibt es keine, die wie der Benutzer heißt („{{name}}“). Setzen Sie einen Namen ans Ende: postgres://benutzer:passwort@rechner:5432/datenbank',
    'database-url':
      'DATABASE_URL ist nicht zu lesen. Sie sieht so aus: postgres://benutzer:passwort@rechner:5432/datenbank; Sonderzeichen im Passwort werden geschrieben wie in Webadressen, @ zum Beispiel als %40.',
    'database-tls':
      'Zur Datenbank kommt keine sichere Verbindung zustande ({{detail}}). Prüfen Sie sslmode und sslrootcert in DATABASE_URL.',
    'database-too-old': 'Der Datenbankserver ist PostgreSQL {{version}}; nötig ist {{needed}} oder neuer.',
    'database-encoding': 'Die Datenbank hält Text als {{encoding}}. Legen Sie eine mit der Kodierung UTF8 an.',
    'database-rights':
      'Dem Datenbankbenutzer „{{user}}“ fehlen Rechte. Lassen Sie einen Verwalter dies in der Datenbank ausführen: {{statements}}',
    'database-vectors':
      'Die Datenbank kann keine Vektoren vergleichen: Gesucht wird nur nach Wörtern. Nötig ist pgvector 0.7 oder neuer; lassen Sie es einen Verwalter einrichten und dies in der Datenbank ausführen: {{statement}};',
    'database-elsewhere':
      'In dieser Datenbank liegt schon eine Bibliothek, im Schema „{{schema}}“. Lassen Sie search_path dieses Benutzers dieses Schema nennen; eine weitere Bibliothek braucht eine eigene Datenbank.',
    'database-pooled':
      'DATABASE_URL führt zu einem Verteiler (Pooler), der Verbindungen je Transaktion vergibt. Was lauscht und sperrt, braucht eine eigene: Nennen Sie in DATABASE_DIRECT_URL den Datenbankserver selbst, oder lassen Sie den Verteiler je Sitzung vergeben.',
    'database-direct':
      'DATABASE_DIRECT_URL ({{address}}) muss zur selben Datenbank führen wie DATABASE_URL, und am Verteiler (Pooler) vorbei.',
    'database-connections':
      'Der Datenbankserver hat keine Verbindung mehr frei ({{detail}}). Geben Sie ihm mehr (max_connections) oder jedem Prozess weniger: DATABASE_POOL_SIZE. Es wird weiter versucht; nichts Gespeichertes ist verloren.',
    'database-read-only':
      'Die Datenbank auf {{address}} nimmt keine Änderungen an: Sie ist ein Abbild (Standby) oder auf „nur lesen“ gestellt. Es wird weiter versucht; nichts Gespeichertes ist verloren.',
    'database-full':
      'Der Datenträger des Datenbankservers ist voll. Schaffen Sie dort Platz; nichts Gespeichertes ist verloren.',
    'sqlite-too-old':
      'Das eingebaute SQLite {{version}} ist zu alt; nötig ist {{needed}} oder neuer. Führen Sie „npm ci“ aus.',
    'eval-set-invalid': '{{file}} ist keine Fragensammlung: {{detail}}',
    'backup-nothing': 'Es gibt nichts zu sichern: Hier wurde noch keine Bibliothek angelegt.',
    'backup-exists': 'Diese Datei gibt es schon; eine Sicherung überschreibt nichts: {{file}}',
    'backup-unreadable':
      'Die Sicherung lässt sich nicht lesen: {{file}}. Prüfen Sie, ob es sie gibt, und ihre Berechtigungen.',
    'backup-unwritable':
      'Unter {{file}} lässt sich keine Sicherung schreiben. Prüfen Sie, ob es den Ordner gibt, und seine Berechtigungen.',
    'backup-format': '{{file}} ist keine Sicherung von Cloister oder nur der Anfang einer solchen.',
    'backup-newer':
      'Eine neuere Version von Cloister hat diese Sicherung geschrieben. Stellen Sie sie mit jener Version wieder her.',
    'backup-running': 'In {{folder}} wird gerade eine andere Sicherung geschrieben.',
    'backup-damaged':
      'Die Sicherung ist beschädigt ({{detail}}). Nichts wurde daraus zurückgespielt; nehmen Sie eine andere.',
    'backup-unsettled':
      'Während der Sicherung wurden fortwährend Dokumente entfernt, sodass keine zustande kam. Versuchen Sie es gleich noch einmal.',
    'restore-not-empty':
      'Die Bibliothek, in die zurückgespielt werden soll, ist nicht leer. Mit --replace ersetzt die Sicherung alles darin; sichern Sie es vorher.',
    'restore-in-use':
      'Mit der Datenbank sind noch andere Programme verbunden ({{count}}). Beenden Sie alle Server und Arbeiter darauf, dann spielen Sie zurück.',
    'export-exists': 'Diese Datei gibt es schon: {{file}}. Mit --force tritt das Archiv an ihre Stelle.',
    'export-unwritable':
      'Unter {{file}} lässt sich kein Archiv schreiben. Prüfen Sie, ob es den Ordner gibt, seine Berechtigungen, und dass der Name weder Ordner noch Verknüpfung ist.',
    'export-broken':
      'Das Archiv kam nicht bis zu seinem Ende; nichts davon wurde behalten. Versuchen Sie es noch einmal.',
    'accounts-off':
      'Hier gibt es keine Konten: Dies ist die Bibliothek eines einzigen Nutzers. Mit MODE=server gibt es welche.',
    'mail-off':
      'Hier ist keine E-Mail eingerichtet, deshalb geht das nicht. Wenden Sie sich an die Verwaltung der Installation; sie kann Ihnen einen Link geben.',
    'log-in-failed': 'Die Adresse oder das Passwort ist falsch.',
    'email-unverified': 'Diese Adresse ist noch nicht bestätigt. Eine E-Mail mit einem Link ist unterwegs dorthin.',
    'account-blocked': 'Dieses Konto ist gesperrt. Wenden Sie sich an die Verwaltung der Installation.',
    'account-not-found': 'Ein Konto „{{name}}“ gibt es nicht.',
    'account-exists': 'Ein Konto mit der Adresse {{email}} gibt es schon.',
    'last-owner': 'Dies ist der einzige Eigentümer. Machen Sie zuerst jemand anderen zum Eigentümer.',
    'confirmation-wrong': 'Das ist nicht die Adresse dieses Kontos. Geben Sie sie zur Bestätigung ein.',
    'code-wrong': 'Der Code ist falsch oder schon benutzt.',
    'code-late': 'Das hat zu lange gedauert. Beginnen Sie noch einmal mit Ihrem Passwort.',
    'second-factor-set': 'Ein zweiter Faktor ist schon eingerichtet. Schalten Sie ihn zuerst ab.',
    'second-factor-none': 'Es ist kein zweiter Faktor eingerichtet.',
    'link-invalid': 'Dieser Link ist schon benutzt oder zu alt. Fordern Sie einen neuen an.',
    'link-elsewhere':
      'Dieser Link wurde in einem anderen Browser angefordert. Bestätigen Sie, dass Sie sich hier anmelden wollen.',
    'verify-elsewhere':
      'Diese Adresse wurde in einem anderen Browser registriert. Wählen Sie hier ein Passwort, damit niemand mit einem fremden hineinkommt.',
    'password-short': 'Das Passwort braucht mindestens {{min}} Zeichen; mehrere Wörter ergeben ein gutes.',
    'password-long': 'Das Passwort darf höchstens {{max}} Zeichen haben.',
    'password-common':
      'Dieses Passwort benutzen zu viele, deshalb wird es zuerst probiert. Wählen Sie ein anderes; mehrere Wörter ergeben ein gutes.',
    'password-incorrect': 'Das Passwort ist falsch.',
    'registration-closed':
      'Hier kann sich niemand selbst registrieren. Bitten Sie die Verwaltung der Installation um eine Einladung.',
    'invitation-invalid': 'Diese Einladung ist schon benutzt, zurückgenommen oder zu alt. Bitten Sie um eine neue.',
    'invitation-not-found': 'Eine solche offene Einladung gibt es nicht.',
    'passkey-failed':
      'Der Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder melden Sie sich anders an.',
    'passkey-unverified':
      'Das Gerät hat nicht geprüft, wer es in der Hand hat: durch PIN, Fingerabdruck oder Gesicht. Ihr Konto verlangt das; melden Sie sich auf anderem Weg an.',
    'proof-needed':
      'Dafür wird Ihr Passwort gebraucht oder eine Anmeldung, die keine {{minutes}} Minuten her ist. Ohne Passwort: Melden Sie sich ab und wieder an.',
    'passkey-not-found': 'Einen solchen Passkey gibt es nicht.',
    'session-not-found': 'Eine solche Sitzung gibt es nicht.',
    'key-not-found': 'Einen solchen API-Schlüssel gibt es nicht.',
    'key-scope': 'Dieser API-Schlüssel darf das nicht; dazu bräuchte er „{{scope}}“.',
    'session-needed': 'Das geht nur, wenn Sie selbst angemeldet sind, nicht mit einem API-Schlüssel.',
    'github-off': 'Die Anmeldung mit GitHub ist hier nicht eingerichtet.',
    'too-many-tries': 'Das wurde zu oft versucht. Warten Sie {{seconds}} Sekunden.',
    'mode-server-needed':
      '{{host}} ist keine Adresse nur dieses Rechners, und ohne Konten könnten andere im Netz mitlesen. Setzen Sie MODE=server, dann hat jeder ein Konto, oder lauschen Sie auf 127.0.0.1.',
    'public-url-missing':
      'MODE=server braucht PUBLIC_URL: die Adresse, die die Leute öffnen, etwa PUBLIC_URL=https://cloister.example.org',
    'public-url-invalid':
      'PUBLIC_URL steht auf „{{given}}“. Es muss eine Adresse allein sein, ohne Pfad: https://cloister.example.org (http nur auf diesem Rechner: http://localhost:3210).',
    'auth-secret-missing':
      'MODE=server braucht AUTH_SECRET, mindestens {{min}} Zeichen, die niemand errät. So entsteht eines: openssl rand -base64 33',
    'auth-secret-weak':
      'AUTH_SECRET hat {{count}} Zeichen oder zu wenige verschiedene; es braucht mindestens {{min}}. So entsteht eines: openssl rand -base64 33',
    'input-invalid': 'Die Anfrage passt nicht zu dem, was erwartet wird: {{field}}.',
    'body-malformed': 'Die Anfrage lässt sich nicht als {{type}} lesen.',
    'body-too-large': 'Die Anfrage ist größer als {{limit}} MB.',
    'headers-too-large':
      'Was der Browser mit jeder Anfrage mitschickt, vor allem Cookies, ist mehr als {{limit}} KB. Löschen Sie die Cookies dieser Adresse.',
    'media-type': 'Die Anfrage muss als {{type}} gesendet werden.',
    'route-not-found': 'Unter dieser Adresse ist nichts. Was es gibt, steht unter /docs.',
    'method-not-allowed': '{{method}} geht hier nicht; {{allowed}} geht.',
    unauthorized: 'Der Server kennt Sie nicht. Öffnen Sie die Adresse, die „cloister serve“ ausgegeben hat.',
    unauthorized_server: 'Sie sind nicht angemeldet oder wurden abgemeldet. Melden Sie sich an.',
    'role-needed': 'Das ist denen vorbehalten, die diese Installation betreuen. Fragen Sie dort nach.',
    'user-not-found': '„{{name}}“ gibt es hier nicht.',
    'member-not-found': '„{{name}}“ ist an diesem Projekt nicht beteiligt.',
    'member-owner': 'Das Projekt gehört dieser Person; ihre Rolle bleibt.',
    'too-many-invitations': 'Sie haben {{limit}} offene Einladungen. Nehmen Sie welche zurück, um weitere zu senden.',
    'quota-full': 'Für den Eigentümer dieses Projekts ist kein Platz mehr übrig.',
    'quota-bytes':
      'Insgesamt ist Platz für {{limit}} MB; {{used}} MB davon sind belegt. Entfernen Sie Dokumente endgültig, um andere hinzuzufügen.',
    'quota-questions': 'Hier sind {{limit}} Fragen am Tag möglich. Die nächsten gehen morgen (UTC).',
    'reason-missing': 'Nennen Sie den Grund, in {{min}} bis {{max}} Zeichen: Wem das Projekt gehört, liest ihn.',
    'access-needless': 'Dieses Projekt dürfen Sie bereits lesen.',
    'project-role': 'Ihre Rolle in diesem Projekt erlaubt das nicht. Fragen Sie, wem es gehört.',
    'foreign-site':
      'Anfragen, die von einer anderen Seite oder unter anderem Namen kommen, werden abgelehnt. Programme melden sich mit einem API-Schlüssel an.',
    'file-absent': 'Die Anfrage enthält keine Datei.',
    'range-invalid': 'Die Datei hat {{size}} Bytes; der verlangte Bereich liegt außerhalb.',
    'too-many-files': 'Es ist Platz für {{limit}} Dokumente. Entfernen Sie welche endgültig, um andere hinzuzufügen.',
    'too-many-at-once':
      'Auf einmal geht nicht mehr als diese Zahl an Dateien: {{limit}}. Senden Sie die übrigen danach.',
    'segment-not-found':
      'Das Dokument hat keine Seite und keinen Abschnitt {{number}}, oder er ist noch nicht gelesen.',
    'assistant-not-found': 'In diesem Projekt gibt es keinen Assistenten „{{id}}“.',
    'server-unreachable': 'Cloister ist nicht erreichbar. Läuft „cloister serve“?',
    'server-silent':
      'Ein Server hat dieses Datenverzeichnis offen, antwortet aber nicht. Beenden Sie ihn und starten Sie ihn neu.',
    'server-stopping': 'Cloister wird gerade beendet.',
    'request-timeout':
      'Das hat länger als {{seconds}} Sekunden gedauert und wurde aufgegeben. Versuchen Sie es später noch einmal.',
    'request-slow': 'Die Anfrage kam nicht rechtzeitig an. Senden Sie sie noch einmal.',
    'too-many-requests': 'Das waren zu viele Anfragen. Warten Sie {{seconds}} Sekunden.',
    'too-many-keys': 'Es gibt schon {{limit}} Schlüssel, mehr dürfen es nicht sein. Löschen Sie zuerst einen.',
    'too-many-streams':
      'Cloister ist mit diesem Konto {{limit}}-mal gleichzeitig geöffnet, öfter geht es nicht. Schließen Sie einige Fenster oder Programme.',
    'cors-any':
      'CORS_ORIGINS ist „*“, und damit dürfte jede Seite der Welt mit den Rechten ihrer Besucher anfragen. Nennen Sie die Herkünfte, die es dürfen, zum Beispiel https://example.org.',
    'trust-proxy-missing':
      'PUBLIC_URL beginnt mit https, also spricht es jemand vor diesem Server. TRUST_PROXY muss sagen, wie viele Proxys das sind: TRUST_PROXY=1 hinter einem wie Caddy oder nginx, TRUST_PROXY=0, wenn keiner X-Forwarded-For dazuschreibt. Sonst zählten alle, die durch ihn kommen, als eine Adresse, und wer Passwörter errät, sperrte alle aus.',
    'server-lost':
      'Der Server ist mitten in dieser Antwort ausgefallen. Was er bis dahin geschrieben hatte, ist erhalten; fragen Sie noch einmal, um sie ganz zu bekommen.',
    'setting-missing': '{{variable}} ist nicht gesetzt, und {{needs}} braucht es.',
    'setting-invalid': '{{variable}} steht auf „{{given}}“; möglich sind: {{allowed}}.',
    'server-running': 'Auf diesem Datenverzeichnis läuft schon ein Server: {{address}}',
    'commands-running':
      'Auf diesem Datenverzeichnis arbeiten noch andere Befehle (Prozess {{processes}}). Starten Sie den Server, wenn sie fertig sind, oder beenden Sie sie.',
    'library-busy':
      'An der Bibliothek wird gerade anderes getan (sie wird verschoben, geprüft, zurückgeholt oder gesichert, es werden Modelle übernommen, oder Cloister fragt, ob es sie öffnen soll). Versuchen Sie es noch einmal, wenn das erledigt ist.',
    'host-refused': '{{host}} ist keine Adresse dieses Rechners.',
    'port-taken': 'Port {{port}} ist belegt. Wählen Sie mit --port einen anderen.',
    'socket-path': 'Der Socket {{file}} lässt sich nicht verwenden ({{detail}}).',
    'egress-refused': 'Zu {{host}} wurde keine Verbindung aufgenommen.',
    'egress-refused_offline':
      'Cloister ist so eingestellt, dass es ohne Netz arbeitet (OFFLINE); zu {{host}} wurde keine Verbindung aufgenommen.',
    'egress-refused_local-only':
      'Dieses Projekt arbeitet nur mit Modellen auf diesem Rechner; zu {{host}} wurde keine Verbindung aufgenommen.',
    'egress-refused_unrecorded':
      'Was hier gefragt wird, wird nirgends aufbewahrt, auch kein Vermerk über diese Verbindung; zu {{host}} wurde keine aufgenommen. Fragen Sie eine Bibliothek, die bleibt.',
    'egress-refused_redirected':
      'Der Server verwies auf einen anderen, {{host}}. Was ein Modell lesen soll, geht an keinen anderen Server als den gewählten.',
    'egress-refused_not-public':
      '{{host}} ist keine Adresse des öffentlichen Netzes; es wurde keine Verbindung aufgenommen. Nur was Sie selbst eingerichtet haben, darf in einem eigenen Netz liegen.',
    'egress-refused_scheme': 'Verbindungen gibt es nur zu Adressen, die mit http:// oder https:// beginnen.',
    'egress-refused_credentials':
      'Die Adresse bei {{host}} enthält einen Namen oder ein Passwort; es wurde keine Verbindung aufgenommen.',
    'egress-refused_port':
      'Die Adresse bei {{host}} nennt den Port eines anderen Dienstes; es wurde keine Verbindung aufgenommen.',
    'mail-address': 'An „{{address}}“ lässt sich keine E-Mail schicken.',
    'mail-refused':
      'Der Mailserver {{host}} lehnt die E-Mail endgültig ab ({{status}}). Sehen Sie in sein Protokoll, und prüfen Sie FROM_EMAIL.',
    'mail-later': 'Der Mailserver {{host}} nimmt die E-Mail gerade nicht an ({{status}}). Es wird wieder versucht.',
    'mail-login':
      'Der Mailserver {{host}} lehnt die Anmeldung ab ({{status}}). Prüfen Sie SMTP_USER und SMTP_PASSWORD oder RESEND_API_KEY.',
    'mail-tls':
      'Die Verbindung zum Mailserver {{host}} ließ sich nicht verschlüsseln ({{detail}}). SMTP_SECURE sagt, wie es gemeint ist.',
    'mail-unreachable': 'Der Mailserver {{host}} war nicht zu erreichen oder hat abgebrochen ({{detail}}).',
    'mail-silent': 'Der Mailserver {{host}} hat nicht rechtzeitig geantwortet.',
    'mail-late': 'Der Link in der E-Mail ist inzwischen zu alt. Sie wurde nicht mehr verschickt.',
    usage: '{{detail}}',
    cancelled: 'Abgebrochen.',
    'lease-lost': 'Die Arbeit wurde anderswo fortgesetzt.',
    internal: 'Etwas ist schiefgegangen, das nicht hätte geschehen dürfen. Näheres steht im Protokoll.',
  },
  mail,
  desktop,
  checkout,
  kind: {
    pdf: 'ein PDF',
    zip: 'ein ZIP-Archiv',
    docx: 'ein Word-Dokument',
    xlsx: 'eine Excel-Arbeitsmappe',
    pptx: 'eine PowerPoint-Präsentation',
    odt: 'ein OpenDocument-Text',
    ods: 'eine OpenDocument-Tabelle',
    odp: 'eine OpenDocument-Präsentation',
    epub: 'ein E-Book (EPUB)',
    rtf: 'ein Text im RTF-Format',
    html: 'eine Webseite (HTML)',
    msg: 'eine Mail aus Outlook',
    png: 'ein Bild (PNG)',
    jpeg: 'ein Bild (JPEG)',
    tiff: 'ein Bild (TIFF)',
    webp: 'ein Bild (WebP)',
    text: 'reiner Text',
    doc: 'ein altes Word-Dokument (.doc)',
    xls: 'eine alte Excel-Arbeitsmappe (.xls)',
    ppt: 'eine alte PowerPoint-Präsentation (.ppt)',
    xlsb: 'eine binäre Excel-Arbeitsmappe (.xlsb)',
    'office-97': 'eine Datei eines alten Office-Programms (.doc, .xls, .ppt)',
    wordperfect: 'ein Dokument von WordPerfect oder Works',
    iwork: 'ein Dokument von Pages, Numbers oder Keynote',
    xps: 'eine Druckdatei',
    mobi: 'ein E-Book eines anderen Formats',
    picture: 'ein Bild eines anderen Formats',
    archive: 'ein Archiv, aber kein ZIP',
    media: 'eine Ton- oder Filmaufnahme',
    database: 'eine Datenbank',
    program: 'ein Programm',
  },
  answer: {
    declined: 'Dazu habe ich in Ihren Dokumenten keine Antwort gefunden.',
    empty: 'Hier liegt noch kein Text, der sich durchsuchen ließe.',
    sources: 'Quellen',
  },
  eval: {
    sets: 'Fragensammlungen: Dateien im SQuAD-Format (<Name>.<Sprache>.json) und Sammlungen zu Dateien (<Name>.json, die Dateien liegen daneben in real/)',
    mode: 'wonach gesucht wird: words (Wörter), vectors (Vektoren) oder hybrid (beides)',
    progress: '{{set}}: Frage {{done}} von {{total}}',
    reading: '{{set}}: Die Dokumente werden gelesen',
    answers: 'so viele Fragen auch vom Modell für Antworten beantworten lassen',
    noChat: '--answers braucht ein Modell für Antworten: „cloister models add DATEI.gguf“ fügt eines hinzu.',
    noEmbedder: '--mode {{mode}} braucht ein Modell für Vektoren: „cloister models add DATEI.gguf“ fügt eines hinzu.',
    model: 'Modell für {{role}}: {{name}}',
    witness:
      'pdftotext ist nicht installiert: Zitate wurden mit unserer eigenen Lesung verglichen, Rechtecke nicht geprüft.',
    declining: 'Das Ablehnen ist ohne den antwortenden Absatz gemessen, alles andere mit ihm.',
  },
  models: {
    problem: {
      'not-gguf': 'sie ist kein Modell im GGUF-Format',
      version: 'sie hat eine Version des GGUF-Formats, die hier nicht bekannt ist',
      'byte-order': 'sie wurde für eine andere Art von Prozessor geschrieben (Big-Endian)',
      truncated: 'sie ist nicht vollständig, wie nach einem abgebrochenen Herunterladen',
      'too-large': 'ihr Kopf ist größer als bei jedem echten Modell',
      structure: 'ihr Kopf ist beschädigt',
      'key-missing': 'eine Angabe fehlt, die zum Laden nötig ist',
      'key-invalid': 'eine Angabe über ihren Aufbau kann nicht stimmen',
      'tensor-missing': 'ein Teil der Gewichte fehlt',
      'tensor-unknown': 'sie enthält Gewichte, die zu einem Modell dieser Art nicht gehören',
      'tensor-shape': 'die Gewichte haben nicht die angegebene Größe',
      'tensor-type': 'die Gewichte liegen in einer Form vor, mit der sich nicht rechnen lässt',
      'tensor-position': 'die Gewichte liegen nicht dort, wo sie es angibt',
      tokenizer: 'ihr Wortschatz ist beschädigt',
      'tokens-duplicate': 'ihr Wortschatz enthält ein Wort doppelt',
      'token-invalid': 'ihr Wortschatz enthält einen Eintrag, der nicht stimmen kann',
      load: 'sie ließ sich nicht laden',
      architecture: 'Modelle dieser Art werden nicht unterstützt',
      'tokenizer-unknown': 'die Art, wie es Texte in Wörter zerlegt, wird nicht unterstützt',
      experts: 'Modelle aus mehreren Experten werden nicht unterstützt',
      split: 'es ist auf mehrere Dateien verteilt; fügen Sie sie zuerst zu einer zusammen',
      addition: 'es ist nur ein Zusatz zu einem Modell (ein Adapter, oder was Bilder liest), kein Modell',
      role: 'es ist für etwas anderes gemacht',
      template: 'seine Vorlage lehnt ein solches Gespräch ab',
      'no-vector': 'es liefert keine brauchbaren Vektoren',
      dimensions: 'seine Vektoren haben mehr Dimensionen, als sich aufbewahren lassen (8192)',
    },
  },
  cli: {
    about: 'Befragen Sie Ihre eigenen Dokumente. Alles bleibt auf diesem Rechner.',
    notSearched_one:
      'Ein Dokument wird nicht durchsucht (angehalten, abgebrochen oder gescheitert); siehe „documents list“.',
    notSearched_other:
      '{{count}} Dokumente werden nicht durchsucht (angehalten, abgebrochen oder gescheitert); siehe „documents list“.',
    passwordProtected:
      'Das Dokument ist mit einem Kennwort geschützt. „cloister documents unlock NAME“ fragt danach; oder fügen Sie eine Kopie ohne Kennwort hinzu.',
    recognizing_one: 'In einem Dokument wird noch Text erkannt; fragen Sie danach noch einmal.',
    recognizing_other: 'In {{count}} Dokumenten wird noch Text erkannt; fragen Sie danach noch einmal.',
    help: {
      usage: 'Aufruf:',
      arguments: 'Angaben:',
      options: 'Optionen:',
      commands: 'Befehle:',
      global: 'Bei jedem Befehl:',
      default: 'sonst: {{value}}',
      help: 'diese Hilfe zeigen',
      command: 'Hilfe zu einem Befehl',
      version: 'die Version zeigen',
      data: 'Datenverzeichnis (sonst CLOISTER_DATA, sonst der Ort, den Ihr System vorsieht)',
      project: 'Projekt, mit Namen oder Id (sonst das erste)',
      json: 'ein JSON-Objekt statt Text ausgeben',
      wait: 'nicht warten, bis die Arbeit getan ist',
      limit: 'höchstens so viele Fundstellen',
      answeredBy:
        'das Modell, das antwortet: Name der Datei oder anbieter/modell (sonst das des Projekts oder das übliche)',
      modelsAll: 'auch die des Katalogs, und wie sie zu diesem Rechner passen',
      sha256: 'Prüfsumme, die die Datei haben muss (sonst, was ihre Quelle sagt)',
      modelName: 'wie die Datei heißen soll (sonst wie an ihrer Adresse)',
      host: 'Adresse dieses Rechners, auf der gehört wird',
      port: 'Port, auf dem gehört wird (sonst 3210 oder der nächste freie; „none“ mit --socket)',
      socket: 'Unix-Socket, auf dem ebenfalls gehört wird',
      role: 'was die Person darf: owner, admin oder member',
      workers: '0: die Hintergrundarbeit „cloister worker“ überlassen (mit DATABASE_URL)',
      paths: 'Dateien und Ordner',
      document: 'Dokumente: Id, Anfang einer Id, Pfad oder Name',
      all: 'alle des Projekts',
      job: 'Ids oder Anfänge von Ids, wie die Liste sie zeigt',
      allJobs: 'alles, was aufgegeben wurde',
      yes: 'nicht nachfragen',
      ...folders.help,
      localOnly: 'on: nur Modelle dieses Rechners',
      allowedProviders: 'die erlaubten Anbieter, durch Kommas getrennt; „all“ für alle',
      chatModel: 'das Modell, das antwortet: Name der Datei oder anbieter/modell; „none“ für das übliche',
      providerName: 'wie er heißen soll',
      providerSlug: 'womit die Namen seiner Modelle beginnen',
      providerKey: 'er braucht einen Schlüssel: wird erfragt oder von der Standardeingabe gelesen',
      backupFile: 'Datei einer Sicherung',
      backupTo: 'statt einer Datei: ein Ordner mit Sicherungen, die Gemeinsames teilen',
      exportFile: 'wohin: ein ZIP-Archiv; „-“ ist die Standardausgabe',
      force: 'auch, wenn es die Datei schon gibt: sie wird ersetzt',
      keep: 'mit --to: nur so viele der neuesten behalten',
      replace: 'auch, wenn die Bibliothek nicht leer ist: alles darin wird ersetzt',
      passwordFile: 'Datei, in deren erster Zeile das Kennwort steht',
      since: 'nur von da an: 30m, 24h, 7d, 2w oder ein Tag wie 2026-01-31',
      csv: 'alles als Tabelle ausgeben (CSV)',
    },
    command: {
      ask: 'eine Frage aus Dokumenten beantworten, mit Zitaten und Fundstellen',
      askArguments: 'Dateien und Ordner, zuletzt die Frage; ohne --data werden sie nur für diese Frage gelesen',
      ingest: 'Dateien und Ordner in die Bibliothek aufnehmen',
      search: 'Textstellen finden',
      searchArguments: 'Wörter oder eine Frage',
      chat: 'eine Unterhaltung mit Ihren Dokumenten',
      documents: 'Dokumente ansehen und verwalten',
      'documents-list': 'alle Dokumente',
      'documents-show': 'alles über ein Dokument, mit seinem Beleg',
      'documents-delete': 'in den Papierkorb; sofort aus jeder Antwort verschwunden',
      'documents-undo': 'wieder aus dem Papierkorb holen',
      'documents-purge': 'endgültig entfernen, mit seiner Geschichte',
      'documents-cancel': 'die Arbeit abbrechen und bisher Gefundenes aus der Suche nehmen',
      'documents-retry': 'ein gescheitertes oder abgebrochenes Dokument noch einmal versuchen',
      'documents-pause': 'die Arbeit anhalten',
      'documents-unlock': 'ein geschütztes Dokument mit seinem Kennwort lesen; es wird danach gefragt',
      'documents-resume': 'mit einem angehaltenen Dokument weitermachen',
      'documents-trash': 'was im Papierkorb liegt',
      projects: 'Projekte ansehen und verwalten; jedes ist eine eigene Bibliothek',
      jobs: 'aufgegebene Arbeit ansehen und noch einmal versuchen lassen',
      'jobs-list': 'was nach allen Versuchen aufgegeben wurde',
      'jobs-retry': 'Aufgegebenes noch einmal versuchen',
      'projects-list': 'alle Projekte',
      'projects-create': 'ein Projekt anlegen',
      'projects-delete': 'ein Projekt endgültig löschen, mit allem, was darin ist',
      models: 'Modelle ansehen und verwalten, die Antworten schreiben und Vektoren bilden',
      'models-list': 'welche Modelle da sind und welche davon verwendet werden',
      'models-add': 'eine GGUF-Datei in das Datenverzeichnis kopieren',
      'models-download': 'ein Modell laden: mit seinem Namen aus dem Katalog oder von seiner Adresse',
      'models-pack': 'Modelle in einen Ordner schreiben, etwa auf einen Stick, für Rechner ohne Netz',
      'models-unpack': 'Modelle aus einem solchen Ordner übernehmen',
      modelSource: 'Name eines Modells im Katalog oder Adresse einer GGUF-Datei',
      packFolder: 'Ordner',
      'models-verify': 'Modelle ganz lesen und mit ihren Prüfsummen vergleichen',
      'models-remove': 'ein Modell entfernen',
      modelName: 'Name eines Modells',
      modelNames: 'Namen von Modellen (sonst alle)',
      modelFile: 'GGUF-Datei',
      projectName: 'Name',
      projectNameOrId: 'Name oder Id',
      ...folders.command,
      'projects-models': 'sagen, welche Modelle an einem Projekt arbeiten dürfen',
      providers: 'Server mit Modellen: auf diesem Rechner, im Haus oder anderswo',
      'providers-list': 'Anbieter und ihre Modelle auflisten',
      'providers-add':
        'einen Anbieter hinzufügen; sein Schlüssel wird verdeckt getippt oder kommt von der Standardeingabe',
      'providers-test': 'einen Anbieter fragen, welche Modelle er hat',
      'providers-remove': 'einen Anbieter und seinen Schlüssel entfernen',
      providerKind: 'openai-compatible, anthropic oder xai',
      providerUrl: 'etwa http://localhost:11434',
      providerSlug: 'womit die Namen seiner Modelle beginnen',
      ledger: 'was diesen Rechner verlassen hat, wohin und wie viel, und was verweigert wurde',
      users: 'zeigen, wer ein Konto hat, und Konten verwalten (MODE=server)',
      'users-list': 'alle mit einem Konto zeigen',
      'users-invite': 'jemanden einladen',
      'users-reset-password': 'einen Link zum Zurücksetzen eines Passworts machen',
      'users-set-role': 'eine Rolle ändern',
      userEmail: 'die Adresse des Kontos',
      userRole: 'owner, admin oder member',
      serve: 'die Bibliothek für einen Browser auf diesem Rechner bereitstellen',
      mcp: 'andere Programme in den Dokumenten suchen und fragen lassen (Model Context Protocol, über Ein- und Ausgabe)',
      worker: 'die Hintergrundarbeit einer Bibliothek auf Postgres tun, in beliebig vielen Prozessen',
      export: 'alles Eigene in ein ZIP-Archiv schreiben: Originale, Texte, Unterhaltungen, Einstellungen',
      backup: 'alles in eine Datei schreiben, auch während ein Server läuft',
      restore: 'eine Sicherung zurückspielen, nach SQLite oder Postgres',
      doctor: 'sagen, was vorhanden ist und was nicht stimmt',
      eval: 'Antworten an Fragensammlungen messen',
    },
    name: { command: 'Befehl', path: 'PFAD', question: 'FRAGE', words: 'WÖRTER' },
    usage: {
      command: 'Einen Befehl „{{name}}“ gibt es nicht.',
      option: 'Eine Option {{name}} gibt es nicht.',
      exportOutput:
        'Ein Archiv lässt sich nicht ansehen: Leiten Sie die Ausgabe in eine Datei oder ein Programm, und ohne --json.',
      exportPlace: 'In Cloisters eigenes Datenverzeichnis kommt kein Archiv.',
      backupPlace:
        'Nennen Sie entweder eine Datei oder mit --to einen Ordner; --keep gehört zu --to und ist eine Zahl ab 1.',
      consentReplace: 'Hier lässt sich nicht nachfragen; --replace --yes ersetzt ohne Rückfrage.',
      consent: 'Hier lässt sich nicht nachfragen; --yes entfernt ohne Rückfrage.',
      jobsOrAll: 'Nennen Sie mit der Id, was noch einmal versucht werden soll, oder --all.',
      namesOrAll: 'Nennen Sie Dokumente, oder mit --all alle des Projekts.',
      argument: 'Es fehlt eine Angabe; „--help“ zeigt, welche zu diesem Befehl gehört.',
      value: '{{name}} braucht einen Wert.',
      excess: 'Zu viele Angaben.',
      number: '{{name}} muss eine ganze Zahl von 1 bis {{max}} sein.',
      socket: 'Ohne Port braucht der Server einen Socket: --socket DATEI.',
      worker:
        'Ohne DATABASE_URL ist die Bibliothek eine Datei auf diesem Rechner, und der Server tut ihre Hintergrundarbeit selbst: „cloister serve“.',
      role: 'Eine Rolle ist owner, admin oder member.',
      email: 'Das ist keine E-Mail-Adresse.',
      workers: '--workers ist 0 oder 1.',
      token:
        'CLOISTER_TOKEN braucht {{min}} bis {{max}} Zeichen: Buchstaben ohne Umlaute, Ziffern und Satzzeichen (ASCII), ohne Leerzeichen.',
      question: 'Die Frage fehlt. Sie steht zuletzt, in Anführungszeichen.',
      paths: 'Nennen Sie Dateien oder Ordner, die gelesen werden sollen, oder mit --data eine Bibliothek.',
      json: 'Eine Unterhaltung gibt es nicht mit --json; „ask --json“ gibt es.',
      noTerminal: 'Hier ist kein Terminal, um nach dem Kennwort zu fragen: --password-file DATEI.',
      since:
        '--since ist eine Zeitspanne (30m, 24h, 7d, 2w), ein Tag (2026-01-31) oder ein Zeitpunkt (2026-01-31T18:00).',
      csv: 'Entweder --csv oder --json.',
      none: 'Es fehlt ein Befehl.',
      meant: 'Meinten Sie {{name}}?',
      hint: 'Was es gibt: cloister --help',
    },
    detail: {
      'not-permitted': 'die Berechtigung fehlt',
      'read-only': 'es ist schreibgeschützt',
      'no-wal': 'dieses Dateisystem kann keine Datenbank sicher halten, wie etwa ein Netzlaufwerk',
      'no-folder': 'es ist kein Ordner',
      'no-file': 'die Datenbank ist keine Datei',
      missing: 'es lässt sich dort nicht anlegen',
      'name-too-long': 'der Name ist zu lang',
      unknown: 'Grund unbekannt',
    },
    state: {
      queued: 'wartet',
      parsing: 'wird gelesen',
      indexing: 'wird erschlossen',
      recognizing: 'Texterkennung läuft',
      ready: 'fertig',
      failed: 'gescheitert',
      cancelled: 'abgebrochen',
      paused: 'angehalten',
      trashed: 'im Papierkorb',
      skipped: 'übersprungen',
      purged: 'entfernt',
    },
    place: {
      page: 'S. {{page}}',
      line: 'Zeile {{first}}',
      lines: 'Zeilen {{first}}–{{last}}',
      paragraph: 'Absatz {{first}}',
      paragraphs: 'Absätze {{first}}–{{last}}',
      row: 'Zeile {{first}}',
      rows: 'Zeilen {{first}}–{{last}}',
      slide: 'Folie {{first}}',
      slides: 'Folien {{first}}–{{last}}',
    },
    quoted: '„{{text}}“',
    firstProject: 'Meine Dokumente',
    log: 'Protokoll: {{file}}',
    work: {
      earlier_one: '{{count}} Dokument von vorher wird noch fertiggestellt …',
      earlier_other: '{{count}} Dokumente von vorher werden noch fertiggestellt …',
      reading: 'Seite {{done}} von {{all}}',
      readingText: 'Teil {{done}}',
      recognizing: 'Text erkannt: {{done}} von {{all}} Seiten',
      indexing: 'erschlossen: {{done}} von {{all}}',
      starting: 'wird geöffnet',
      embedding: 'Vektoren {{bar}} {{done}} von {{all}}',
      embeddingLater: 'Die Dokumente sind über ihre Wörter zu finden; ihre Vektoren folgen beim nächsten Befehl.',
      embeddingFailed: 'Die Dokumente sind über ihre Wörter zu finden; Vektoren waren nicht möglich: {{text}}',
      waiting_one: '{{count}} weiteres wartet',
      waiting_other: '{{count}} weitere warten',
      left: 'noch etwa {{time}}',
      later: 'Die Arbeit geht beim nächsten ingest, ask, search oder chat weiter.',
    },
    outcome: {
      moreLeftOut_one: 'und 1 weitere; siehe „documents show {{file}}“',
      moreLeftOut_other: 'und {{count}} weitere; siehe „documents show {{file}}“',
      unlock: '„cloister documents unlock“ fragt nach dem Kennwort.',
      pages_one: '{{count}} Seite',
      pages_other: '{{count}} Seiten',
      chunks_one: '{{count}} Textstelle',
      chunks_other: '{{count}} Textstellen',
      seconds: '{{seconds}} s',
      skipped: 'übersprungen: {{text}}',
      summary_one: '{{count}} Datei: {{parts}}',
      summary_other: '{{count}} Dateien: {{parts}}',
      inside_one: 'darin {{count}} Datei: {{parts}}',
      inside_other: 'darin {{count}} Dateien: {{parts}}',
      ready: '{{count}} fertig',
      failed: '{{count}} gescheitert',
      leftOut: '{{count}} übersprungen',
      queued: '{{count}} wartend',
      noFiles: 'Darin ist keine Datei.',
      leftOutFiles_one: '{{count}} Datei wurde ausgelassen.',
      leftOutFiles_other: '{{count}} Dateien wurden ausgelassen.',
    },
    answer: {
      waiting_one: '{{count}} Frage ist vorher an der Reihe …',
      waiting_other: '{{count}} Fragen sind vorher an der Reihe …',
      unsupported: '(nicht belegt)',
      unsupportedNote: 'Sätze mit dem Vermerk „(nicht belegt)“ haben in den gefundenen Stellen keine Stütze.',
      instead: 'In den Dokumenten steht:',
    },
    search: { nothing: 'Nichts gefunden.' },
    serve: {
      ready: 'Cloister ist offen unter {{url}}',
      socket: 'und auf dem Socket {{file}}',
      setUp: 'Es gibt noch keinen Eigentümer. Dieser Link macht den ersten, einmal: {{url}}',
      noBackups:
        'BACKUP_FOLDER ist gesetzt, doch dieser Prozess erledigt keine Hintergrundarbeit: Sicherungen machen die Worker',
    },
    worker: { ready: 'Arbeitet an {{database}}' },
    chat: {
      welcome_one: '{{count}} Dokument. Fragen Sie; /help zeigt, was es sonst gibt.',
      welcome_other: '{{count}} Dokumente. Fragen Sie; /help zeigt, was es sonst gibt.',
      empty: 'Hier liegen noch keine Dokumente: „cloister ingest PFAD“ fügt welche hinzu.',
      prompt: '> ',
      help: '/new beginnt eine neue Unterhaltung, /quit beendet. Strg-C hält eine Antwort an, noch einmal gedrückt beendet es.',
      unknown: '„{{command}}“ gibt es nicht. /help zeigt, was es gibt.',
      understood: 'Verstanden als: {{question}}',
      found: 'Gefunden in: {{places}}',
      begun: 'Eine neue Unterhaltung.',
      stopped: 'Angehalten.',
      again: 'Noch einmal Strg-C beendet.',
    },
    documents: {
      none: 'Hier liegen noch keine Dokumente.',
      emptyTrash: 'Der Papierkorb ist leer.',
      password: 'Kennwort für {{file}}: ',
      paused_one: 'Angehalten: {{count}} Dokument',
      paused_other: 'Angehalten: {{count}} Dokumente',
      resumed_one: 'Fortgesetzt: {{count}} Dokument',
      resumed_other: 'Fortgesetzt: {{count}} Dokumente',
      deleted: 'Jetzt im Papierkorb; „documents undo“ holt es zurück, solange es dort liegt.',
      company_one: '(mit 1 Datei darin)',
      company_other: '(mit {{count}} Dateien darin)',
      purgeAsk: 'Endgültig entfernen? Das lässt sich nicht rückgängig machen. [j/N] ',
      id: 'Id',
      file: 'Datei',
      state: 'Zustand',
      pages: 'Seiten',
      chunks: 'Textstellen',
      type: 'Art',
      size: 'Größe',
      added: 'Hinzugefügt',
      deletedAt: 'Gelöscht',
      language: 'Sprache',
      characters: 'Zeichen',
      tableRows: 'Tabellenzeilen',
      furniture: 'Ausgelassene Kopf- und Fußzeilen',
      withoutText: 'Seiten ohne Text',
      recognized: 'Erkannter Text',
      recognizedPages_one: '{{count}} Seite, zu {{confidence}} % sicher',
      recognizedPages_other: '{{count}} Seiten, zu {{confidence}} % sicher',
      recognitionWaiting_one: '{{count}} Seite wartet auf Texterkennung',
      recognitionWaiting_other: '{{count}} Seiten warten auf Texterkennung',
      unreadable: 'Nicht lesbare Seiten',
      time: 'Zeit für Lesen und Erschließen',
      notes: 'Hinweise',
      files: 'Dateien darin',
      moreFiles: 'und {{count}} weitere',
      de: 'Deutsch',
      en: 'Englisch',
      other: 'eine andere',
    },
    jobs: {
      none: 'Nichts wurde aufgegeben.',
      id: 'Id',
      kind: 'Arbeit',
      document: 'Dokument',
      died: 'Aufgegeben',
      error: 'Warum',
      tried_one: 'Eine wird noch einmal versucht.',
      tried_other: '{{count}} werden noch einmal versucht.',
      kinds: {
        parse: 'Lesen',
        index: 'Indizieren',
        recognize: 'Texterkennung',
        embed: 'Vektoren',
        clear: 'Entfernen von Textstellen',
        collect: 'Entfernen einer Datei',
        mail: 'eine E-Mail',
      },
    },
    users: {
      email: 'Adresse',
      role: 'Rolle',
      name: 'Name',
      id: 'Id',
      mailed: 'Eine E-Mail an {{email}} ist unterwegs.',
      link: 'Für {{email}}, zum Weitergeben; er gilt einmal: {{link}}',
      changed: '{{email}} ist jetzt: {{role}}',
    },
    projects: {
      name: 'Name',
      documents: 'Dokumente',
      id: 'Id',
      created: 'Angelegt: {{name}}',
      deleted: 'Gelöscht: {{name}}',
    },
    models: {
      none: 'Hier gibt es keine Modelle. Antworten bestehen aus Zitaten; „cloister models add DATEI.gguf“ fügt eines hinzu.',
      name: 'Modell',
      role: 'Für',
      size: 'Größe',
      parameters: 'Parameter',
      context: 'Kontext',
      state: 'Zustand',
      chat: 'Antworten',
      embedding: 'Vektoren',
      reranking: 'Rangfolge',
      memory: 'Arbeitsspeicher',
      licence: 'Lizenz',
      recommended: 'empfohlen',
      fits_well: 'passt',
      fits_tight: 'passt knapp',
      noFit: 'passt nicht',
      noFitSmaller: 'passt nicht; {{smaller}} würde passen',
      speed: 'etwa {{speed}} Token je Sekunde',
      recommend: '„cloister models download {{id}}“ lädt es: {{text}}',
      unknown: '–',
      tokens: '{{count}} Tokens',
      used: 'in Gebrauch',
      spare: 'nicht in Gebrauch',
      named: 'in Gebrauch ({{variable}})',
      copying: '{{name}}: {{bar}}',
      added: 'Hinzugefügt: {{name}} ({{role}})',
      sound: '{{name}}: unverändert',
      pinned: '{{name}}: Eine Prüfsumme war nicht bekannt; ab jetzt gilt {{sha256}}',
      changed:
        '{{name}}: Die Datei hat sich verändert, seit sie hinzugefügt wurde. Entfernen Sie sie und fügen Sie sie neu hinzu.',
      bad: '{{name}}: {{text}}',
      removed: 'Entfernt: {{name}}',
      fetching: '{{name}}: {{bar}}  {{far}}',
      far: '{{done}} von {{all}} MB, {{rate}} MB/s, noch {{left}}',
      farSoFar: '{{done}} von {{all}} MB',
      farUnknown: '{{done}} MB, {{rate}} MB/s',
      queued: '{{name}}: andere sind vorher dran',
      checking: '{{name}}: was da ist, wird geprüft',
      waiting: '{{name}}: neuer Versuch. {{text}}',
      goesOn: 'Der Server lädt es weiter. „cloister models download {{source}}“ zeigt, wie weit er ist.',
      unfinished:
        '{{name}} ist nicht vollständig: {{done}} von {{all}}. „cloister models download“ macht weiter, „cloister models remove“ wirft es weg.',
      kept: 'Was angekommen ist, bleibt. „cloister models download {{source}}“ macht weiter.',
      stopped: 'Jemand anders hat es angehalten. „cloister models download {{source}}“ macht weiter.',
      packed: 'Im Paket: {{name}} ({{role}}, {{size}})',
      packDone: '„cloister models unpack“ übernimmt die Modelle aus {{folder}} auf einem anderen Rechner.',
      present: 'Schon da: {{name}}',
    },
    providers: {
      none: 'Es gibt keine Anbieter.',
      slug: 'Anbieter',
      name: 'Name',
      address: 'Adresse',
      key: 'Schlüssel',
      models: 'Modelle',
      state: 'Zustand',
      keyNone: '–',
      keySet: '…{{hint}}',
      keyLost: 'neu eingeben',
      on: 'in Gebrauch',
      off: 'abgeschaltet',
      environment: 'durch die Umgebung gesetzt',
      askKey: 'Schlüssel für {{name}}: ',
      kind: 'Ein Anbieter ist „openai-compatible“, „anthropic“ oder „xai“, nicht „{{kind}}“.',
      added: 'Hinzugefügt: {{name}}. Seine Modelle heißen {{slug}}/….',
      leaves: 'Texte, an denen seine Modelle arbeiten, verlassen diesen Rechner, nach {{host}}.',
      removed: 'Entfernt: {{name}}',
      answered: '{{name}} hat in {{milliseconds}} ms geantwortet, mit {{count}} Modellen.',
      unasked: 'nie gefragt',
    },
    folders: folders.cli,
    projectModels: {
      localOnly: 'Nur Modelle dieses Rechners: {{value}}',
      providers: 'Erlaubte Anbieter: {{value}}',
      chatModel: 'Modell, das antwortet: {{value}}',
      all: 'alle',
      usual: 'das übliche',
      yes: 'ja',
      no: 'nein',
      onOff: '--local-only nimmt „on“ oder „off“.',
    },
    ledger: {
      none: 'Nichts hat diesen Rechner verlassen, und nichts wurde verweigert.',
      host: 'Rechner',
      purpose: 'Wofür',
      requests: 'Anfragen',
      refused: 'Verweigert',
      sent: 'Bytes gesendet',
      received: 'Bytes empfangen',
      all: 'Alle, die neueste zuerst:',
      latest: 'Die neuesten {{count}}; „--csv“ gibt alle aus:',
      bytes: '{{sent}} gesendet, {{received}} empfangen',
      for: {
        model: 'Modell',
        download: 'Herunterladen',
        mail: 'Mail',
        'sign-in': 'Anmeldung',
        crawl: 'Webseite',
        sync: 'Abgleich',
        update: 'Update',
        database: 'Datenbank',
        cache: 'Zwischenspeicher',
        'blob-store': 'Dateispeicher',
      },
      outcome: { open: 'läuft', done: 'beendet', failed: 'gescheitert', refused: 'verweigert' },
      why: {
        offline: 'Cloister ist so eingestellt, dass es ohne Netz arbeitet (OFFLINE)',
        'local-only': 'das Projekt arbeitet nur mit Modellen auf diesem Rechner',
        unrecorded: 'die Bibliothek sollte nicht bleiben, und so auch nicht ihr Verzeichnis',
        redirected: 'der Server mit Modellen verwies auf einen anderen',
        'not-public': 'keine Adresse des öffentlichen Netzes',
        scheme: 'weder http noch https',
        credentials: 'ein Name oder ein Passwort in der Adresse',
        port: 'der Port eines anderen Dienstes',
        'name-unknown': 'diesen Namen gibt es nicht',
        unreachable: 'nicht erreichbar',
        tls: 'keine sichere Verbindung',
        proxy: 'der Proxy hat es verweigert oder antwortet nicht',
        timeout: 'keine Antwort in der vorgesehenen Zeit',
        cancelled: 'angehalten',
        broken: 'abgebrochen',
        interrupted: 'das Programm endete mittendrin',
      },
    },
    export: {
      writing: '{{name}}: {{megabytes}} MB geschrieben',
      done: 'Alles Eigene steht in {{file}}',
      contents: 'Projekte: {{projects}}, Dokumente: {{documents}}, Unterhaltungen: {{chats}}; {{megabytes}} MB',
      missing_one:
        'Eine Datei fehlt darin oder ist nicht vollständig. „manifest.json“ im Archiv sagt, welche und warum.',
      missing_other:
        '{{count}} Dateien fehlen darin oder sind nicht vollständig. „manifest.json“ im Archiv sagt, welche und warum.',
      secret: 'Es enthält alles im Klartext: Verwahren Sie es so sicher wie die Bibliothek selbst.',
    },
    backup: {
      done: 'Sicherung geschrieben und ganz gelesen: {{file}}',
      contents_one: '{{count}} Dokument, {{megabytes}} MB',
      contents_other: '{{count}} Dokumente, {{megabytes}} MB',
      secret: 'Sie enthält alles im Klartext: Verwahren Sie sie so sicher wie die Bibliothek selbst.',
      removed_one: 'Eine ältere Sicherung wurde entfernt.',
      removed_other: '{{count}} ältere Sicherungen wurden entfernt.',
      missing_one:
        'Die Bytes eines Dokuments fehlen schon in der Bibliothek und deshalb auch in der Sicherung. „cloister doctor“ sagt, welche.',
      missing_other:
        'Die Bytes von {{count}} Dokumenten fehlen schon in der Bibliothek und deshalb auch in der Sicherung. „cloister doctor“ sagt, welche.',
      damaged_one: 'Die Bytes eines Dokuments sind schon in der Bibliothek beschädigt. „cloister doctor“ sagt, welche.',
      damaged_other:
        'Die Bytes von {{count}} Dokumenten sind schon in der Bibliothek beschädigt. „cloister doctor“ sagt, welche.',
    },
    restore: {
      ask: 'Alles in der Bibliothek durch die Sicherung vom {{created}} ersetzen? Das lässt sich nicht rückgängig machen. [j/N] ',
      done: 'Zurückgespielt, wie es am {{created}} war.',
      later:
        'Vektoren für die Suche nach Bedeutung, die in der Sicherung fehlen, berechnet das nächste „cloister serve“.',
    },
    doctor: {
      ok: 'gut',
      warn: 'Hinweis',
      bad: 'Fehler',
      healthy: 'Alles ist in Ordnung.',
      node: 'Node {{version}}',
      nodeOld: 'Node {{version}} ist zu alt; nötig ist {{needed}} oder neuer. Führen Sie „npm ci“ aus.',
      ignored: '{{variable}} ist auf „{{given}}“ gesetzt, was nicht brauchbar ist; es gilt {{inForce}}',
      backup: 'Die neueste Sicherung in {{folder}} ist vom {{created}}',
      backupOld:
        'Die neueste Sicherung in {{folder}} ist vom {{created}}: Sie sollte neuer sein (BACKUP_EVERY). Warum es keine gibt, steht im Protokoll des Servers oder Workers',
      backupNone: 'In {{folder}} gibt es noch keine Sicherung; ein laufender Server oder Worker macht eine',
      backupBad: 'Sicherungen in {{folder}}: {{detail}}',
      backupFailed: 'Die am {{date}} fällige Sicherung kam nicht zustande: {{detail}}',
      data: 'Datenverzeichnis {{folder}}',
      dataNew: 'Datenverzeichnis {{folder}}: noch nicht da; es wird beim ersten Gebrauch angelegt',
      dataOpen:
        'Datenverzeichnis {{folder}}: Andere auf diesem Rechner können es lesen. Ändern lässt sich das mit: chmod 700',
      dataBad: 'Datenverzeichnis {{folder}}: {{detail}}. Wählen Sie mit --data oder CLOISTER_DATA ein anderes',
      noProxy: 'Geöffnet wird {{url}}; keinem Proxy wird geglaubt (TRUST_PROXY=0)',
      proxies_one: 'Geöffnet wird {{url}}, durch einen Proxy',
      proxies_other: 'Geöffnet wird {{url}}, durch {{count}} Proxys',
      mail: 'E-Mails gehen über {{host}}, von {{from}}',
      mailBad: 'E-Mails sollen über {{host}} gehen, von {{from}}, aber: {{detail}}',
      mailOff:
        'Es ist keine E-Mail eingerichtet (SMTP_HOST oder RESEND_API_KEY, mit FROM_EMAIL). Ohne sie gibt es keine bestätigten Adressen, keine vergessenen Passwörter, keine Links zum Anmelden und keine Einladungen per E-Mail; die Verwaltung gibt Links selbst weiter',
      mailFrom: 'E-Mail ist aus: FROM_EMAIL muss sagen, von welcher Adresse sie kommt',
      space: '{{gigabytes}} GB frei',
      spaceLow: 'Nur {{gigabytes}} GB frei. Schaffen Sie Platz, bevor Sie Dokumente hinzufügen',
      sqlite: 'SQLite {{version}}',
      database: 'Datenbank {{database}}',
      postgres: 'PostgreSQL {{version}}',
      postgresSound: 'Die Datenbank ist unversehrt',
      postgresDamaged:
        'Die Datenbank ist beschädigt: {{detail}}. Arbeiten Sie nicht weiter damit und spielen Sie eine Sicherung ein',
      postgresDurable:
        'Gespeichertes übersteht einen Stromausfall (fsync, full_page_writes und synchronous_commit sind an)',
      postgresNotDurable:
        'Der Server ist nicht so eingestellt, dass er einen Stromausfall übersteht (fsync {{fsync}}, full_page_writes {{full_page_writes}}, synchronous_commit {{synchronous_commit}})',
      postgresVectors: 'Vektoren können aufbewahrt werden (pgvector {{version}})',
      indexNotValid:
        'Der Index {{index}} ist unvollständig. Führen Sie in der Datenbank aus: reindex index concurrently {{index}};',
      schema: 'Die Tabellen sind die dieser Version ({{found}})',
      schemaOld:
        'Die Tabellen sind von einer älteren Version ({{found}}, nicht {{newest}}). Der nächste Start ändert sie: Sichern Sie vorher',
      role: 'Der Benutzer der Datenbank ist {{user}}',
      superuser:
        'Der Benutzer der Datenbank {{user}} ist ein Superuser, für den keine Regel gilt. Geben Sie Cloister einen eigenen; wie, steht in der README',
      others:
        'Auch diese Benutzer dürfen sich mit der Datenbank verbinden und alles in ihr lesen: {{users}}. Führen Sie aus: revoke connect on database … from public; und erlauben Sie es denen, die es brauchen',
      isolation: 'Jede Zeile zeigt sich nur ihrem eigenen Projekt (Row-Level Security, auf allen Tabellen erzwungen)',
      isolationBroken:
        'Diese Tabellen zeigen Zeilen, wem sie es nicht sollten: {{tables}}. Führen Sie für jede aus: alter table … enable row level security, force row level security; oder spielen Sie eine Sicherung zurück',
      size: 'Die Datenbank belegt {{megabytes}} MB',
      connections: '{{used}} von {{most}} Verbindungen des Datenbankservers sind in Gebrauch',
      connectionsFew:
        '{{used}} von {{most}} Verbindungen des Datenbankservers sind in Gebrauch. Erhöhen Sie max_connections, oder senken Sie DATABASE_POOL_SIZE',
      clock:
        'Die Uhren dieses Rechners und des Datenbankservers gehen {{seconds}} s auseinander. Lassen Sie beide übers Netz stellen (NTP)',
      heard: 'Benachrichtigungen kommen an (LISTEN, NOTIFY)',
      notHeard:
        'Benachrichtigungen kommen nicht an; die Server hören nichts voneinander. Dazwischen steht ein Verteiler (Pooler): Setzen Sie DATABASE_DIRECT_URL',
      nobodyWorks: 'Arbeit wartet seit {{minutes}} min, und niemand tut sie. Starten Sie „cloister worker“',
      workersBehind:
        'Arbeit wartet seit {{minutes}} min; {{count}} Aufträge sind in Arbeit. Mehr Arbeiter täten sie früher: „cloister worker“',
      filesMissing: '{{count}} weitere Dateien fehlen',
      filesThere_one: 'Die gespeicherte Datei ist da',
      filesThere_other: 'Alle {{count}} gespeicherten Dateien sind da',
      filesExtra_one:
        'Eine gespeicherte Datei gehört zu keinem Dokument. Ein laufender Server oder Worker räumt sie weg',
      filesExtra_other:
        '{{count}} gespeicherte Dateien gehören zu keinem Dokument. Ein laufender Server oder Worker räumt sie weg',
      blobs: 'Dateien liegen in {{place}}',
      blobsBad: 'Dateien in {{place}}: {{detail}}',
      durable: 'Gespeichertes übersteht einen Stromausfall (WAL, synchronous FULL)',
      notDurable:
        'Die Datenbank ist nicht so eingestellt, dass sie einen Stromausfall übersteht (Journal {{journal}}, synchronous {{synchronous}})',
      sound: 'Die Datenbank ist unbeschädigt ({{megabytes}} MB)',
      damaged:
        'Die Datenbank ist beschädigt: {{detail}}. Benutzen Sie sie nicht weiter und setzen Sie eine Sicherung an ihre Stelle. Gibt es keine, liegt vielleicht eine Kopie von vor der letzten neuen Version in {{folder}}',
      damagedKept:
        'Die Datenbank ist beschädigt: {{detail}}. Benutzen Sie sie nicht weiter und setzen Sie eine Sicherung aus {{folder}} an ihre Stelle',
      unusable: 'Die Datenbank lässt sich nicht öffnen: {{detail}}',
      noDatabase: 'Noch keine Datenbank',
      jobs_one: '{{count}} Auftrag offen',
      jobs_other: '{{count}} Aufträge offen',
      jobsOpen_one: '{{count}} Auftrag offen; „cloister ingest“ oder „cloister chat“ macht damit weiter',
      jobsOpen_other: '{{count}} Aufträge offen; „cloister ingest“ oder „cloister chat“ macht damit weiter',
      jobsDead_one:
        '{{count}} Auftrag wurde aufgegeben; welche, zeigt „cloister jobs list“; „cloister jobs retry“ lässt es noch einmal versuchen',
      jobsDead_other:
        '{{count}} Aufträge wurden aufgegeben; welche, zeigt „cloister jobs list“; „cloister jobs retry“ lässt es noch einmal versuchen',
      files_one: '{{count}} gespeicherte Datei ist unversehrt',
      files_other: '{{count}} gespeicherte Dateien sind unversehrt',
      fileMissing: '{{file}}: Die gespeicherte Datei fehlt. Fügen Sie sie noch einmal hinzu',
      fileChanged: '{{file}}: Die gespeicherte Datei ist nicht mehr die hinzugefügte. Fügen Sie sie noch einmal hinzu',
      parser: 'Leseprozesse starten ({{seconds}} s)',
      parserBad: 'Leseprozesse starten nicht: {{detail}}',
      model: '{{name}} lädt und arbeitet auf dem Prozessor ({{role}}, {{seconds}} s)',
      modelLoaded: '{{name}} liegt im Arbeitsspeicher des laufenden Servers ({{role}})',
      noChat:
        'Kein Modell schreibt Antworten; sie bestehen aus Zitaten. „cloister models add DATEI.gguf“ fügt eines hinzu',
      machine:
        'Modelle können {{free}} von {{all}} Arbeitsspeicher haben; „cloister models list --all“ sagt, welche passen',
      machineFor:
        'Modelle können {{free}} von {{all}} Arbeitsspeicher haben; für Antworten passt {{id}} am besten („cloister models list --all“)',
      vectors: 'Vektoren können gespeichert werden (sqlite-vec)',
      noVectors: 'sqlite-vec lädt auf diesem Rechner nicht: Dokumente werden nur über ihre Wörter gefunden',
      pdf: 'pdfjs-dist {{version}}',
      pdfBad: 'pdfjs-dist fehlt. Führen Sie „npm ci“ aus',
    },
  },
}
