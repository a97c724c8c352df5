import { desktop as product } from '../../shared/messages/desktop-de.ts'

/** Was der Bildschirm nur im Fenster der Anwendung sagt. */
export const desktop = {
  unreachable:
    'Der Teil von Cloister, der im Hintergrund arbeitet, antwortet gerade nicht. Versuchen Sie es gleich noch einmal.',
  unauthorized: 'Cloister kennt dieses Fenster nicht mehr. Beenden Sie Cloister und öffnen Sie es wieder.',
  partFailed: 'Dieser Teil des Fensters konnte nicht geladen werden. Laden Sie ihn neu.',
  reload: 'Neu laden',
  system: 'Wie das System',
  starting:
    'Der Teil von Cloister, der im Hintergrund arbeitet, wurde beendet und wird neu gestartet. Nichts Gespeichertes geht verloren; es geht von selbst weiter.',
  doing: {
    keychain:
      'Cloister wartet auf den Schlüsselbund des Systems, in dem der Schlüssel der Bibliothek liegt. Vielleicht fragt er in einem eigenen Fenster nach Ihrem Passwort.',
    waiting: 'Cloister wartet, bis Befehle zu Ende sind, die mit der Bibliothek arbeiten.',
    opening:
      'Die Bibliothek wird geöffnet. Nach einem plötzlichen Ende dauert das länger: Was zuletzt geschrieben wurde, wird in Ordnung gebracht.',
    migrating:
      'Die Bibliothek wird an diese Version von Cloister angepasst. Vorher wird ihre Datenbank kopiert; bei einer großen Bibliothek dauert das einige Minuten.',
    beginning: 'Cloister wird gestartet.',
  },
  silent:
    'Der Teil von Cloister, der im Hintergrund arbeitet, antwortet gerade nicht. Vielleicht ist er sehr beschäftigt; nichts Gespeichertes geht verloren.',
  lone: {
    moving: 'Die Bibliothek wird verschoben{{far}}.',
    restoring: 'Eine Sicherung wird an die Stelle der Bibliothek gesetzt{{far}}.',
    checking: 'Die Bibliothek wird geprüft{{far}}.',
    percent: product.lone.percent,
  },
  failed: 'Der Teil von Cloister, der im Hintergrund arbeitet, lässt sich nicht starten. {{reason}}',
  safe: 'Die Bibliothek ist noch nicht geöffnet: Cloister fragt in einem eigenen Fenster, wie es weitergehen soll.',
  notRead: 'Zu „{{project}}“ können keine Dateien hinzugefügt werden: Sie dürfen dort nur lesen.',
  title: 'Diese Anwendung',
  tray: 'Weiterarbeiten, wenn das Fenster geschlossen wird',
  notifications: 'Mitteilen, wenn eine lange Arbeit zu Ende ist',
  recent: 'Zuletzt hinzugefügte Dateien merken',
  keys: 'Tasten, die das kleine Fenster von überall öffnen',
  keysHint: 'Klicken Sie in das Feld und drücken Sie die Tasten.',
  keysAsked:
    'Klicken Sie in das Feld und drücken Sie die Tasten. Ob Cloister sie bekommt, fragt Ihr System; dort lassen sie sich auch ändern.',
  keysNone: 'Keine',
  keysOff: 'Darauf verzichten',
  keysRefused:
    'Diese Tasten sind nicht zu haben: Ein anderes Programm verwendet sie, oder sie werden zum Schreiben gebraucht.',
  showData: 'Ordner mit Ihren Daten anzeigen',
  openLarge: 'Im großen Fenster öffnen',
  hide: 'Schließen (Esc)',
  quickEmpty: 'Es sind noch keine Dokumente da. Hinzugefügt werden sie im großen Fenster.',
  quickAdd: 'Dokumente hinzufügen',
  key: {
    title: 'Schlüssel von Anbietern',
    keychain:
      'Schlüssel von Anbietern (OpenAI und ähnliche) sind verschlossen; was sie öffnet, liegt im Schlüsselbund des Systems.',
    'safe-storage':
      'Schlüssel von Anbietern (OpenAI und ähnliche) sind verschlossen; öffnen kann sie nur diese Anwendung.',
    file: 'Schlüssel von Anbietern (OpenAI und ähnliche) sind verschlossen.',
    passphrase:
      'Schlüssel von Anbietern (OpenAI und ähnliche) sind mit Ihrem Passwort verschlossen. Cloister fragt nach jedem Start danach.',
    open: 'Schlüssel von Anbietern liegen ungeschützt auf diesem Rechner',
    openDetail:
      'Es gibt hier keinen Schlüsselbund, den Cloister benutzen könnte. Andere Programme dieses Benutzers können die Schlüssel lesen, bis Sie sie mit einem Passwort schützen.',
    none: 'Es gibt hier keinen Schlüsselbund, den Cloister benutzen könnte. Damit Sie Schlüssel von Anbietern (OpenAI und ähnliche) speichern können, legen Sie ein Passwort fest, das sie verschließt. Ohne solche Server brauchen Sie keines.',
    locked: 'Schlüssel von Anbietern sind verschlossen',
    lockedDetail:
      'Bis Sie das Passwort eingeben, funktioniert alles, nur fremde Server nicht, die einen Schlüssel brauchen (OpenAI und ähnliche).',
    lost: 'Der Schlüssel dieser Bibliothek ist nicht erreichbar',
    lostDetail:
      'Alles funktioniert, nur fremde Server nicht, die einen Schlüssel brauchen (OpenAI und ähnliche). Der Schlüsselbund des Systems gibt ihn nicht heraus, oder die Bibliothek kommt von einem anderen Rechner. Ist der Schlüsselbund gesperrt, entsperren Sie ihn und starten Sie Cloister neu.',
    see: 'Zu den Einstellungen',
    enter: 'Passwort eingeben',
    later: 'Später',
    protect: 'Passwort festlegen',
    passphrase1: 'Passwort',
    passphrase2: 'Dasselbe Passwort noch einmal',
    keep: 'Niemand kann es Ihnen wieder sagen. Ist es vergessen, müssen die Schlüssel der Anbieter neu eingegeben werden; Dokumente und Unterhaltungen bleiben, wie sie sind.',
    differs: 'Die beiden sind nicht gleich.',
    unlock: 'Aufschließen',
    anew: product.secrets.anew,
    protected: 'Die Schlüssel von Anbietern sind jetzt geschützt.',
    unlocked: 'Die Schlüssel von Anbietern sind aufgeschlossen.',
  },
  taking: 'Modelle werden übernommen: {{percent}} % ({{file}})',
  updates: {
    none: 'Für diese Ausgabe von Cloister gibt es keine Updates, weil darin nicht steht, woher sie kämen. Installieren Sie neuere Versionen von Hand darüber.',
    waiting:
      'Es ist etwas in Arbeit: Dokumente werden gelesen, eine Antwort oder eine Sicherung wird geschrieben oder ein Modell geladen. Version {{version}} wird nicht mitten darin installiert. Drücken Sie den Knopf noch einmal, wenn es fertig ist.',
    back: 'Zurück zu Version {{version}}',
    backAsk: 'Zurück zu Version {{version}}?',
    backLead:
      'Eine Bibliothek, die diese Version verändert hat, lässt sich mit der älteren vielleicht nicht öffnen. Eine Kopie von davor liegt dann unter „backups“ im Ordner mit Ihren Daten. Geladen wird die ältere Version erst, wenn Sie es noch einmal sagen.',
    backGo: 'Nachsehen',
    backThere: 'Version {{version}}, die vorige, ist da.',
    stay: 'Bei dieser Version bleiben',
    title: 'Updates',
    ask: 'Darf Cloister einmal am Tag nachsehen, ob es eine neue Version gibt? Über Sie und Ihre Dokumente wird dabei nichts übermittelt.',
    askShort: 'Darf Cloister einmal am Tag nach Updates suchen?',
    on: 'Ja, einmal am Tag',
    no: 'Nein',
    off: 'Cloister sucht nicht nach Updates.',
    daily: 'Einmal am Tag nachsehen',
    stop: 'Nicht mehr nachsehen',
    check: 'Jetzt nachsehen',
    checking: 'Es wird nach einer neuen Version gesucht …',
    current: 'Es gibt keine neuere Version.',
    available: 'Version {{version}} ist da.',
    download: 'Herunterladen',
    skip: 'Diese Version überspringen',
    downloading: 'Version {{version}} wird heruntergeladen: {{percent}} %',
    stopDownload: 'Abbrechen',
    ready: 'Version {{version}} ist bereit. Installiert wird sie, wenn Sie es sagen, nie mitten in der Arbeit.',
    install: 'Installieren und neu starten',
    notes: 'Was neu ist',
    look: 'Zu den Einstellungen',
  },
}
