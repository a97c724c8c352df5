/** Was die Desktop-Anwendung selbst sagt: Menüs, Dialoge, Mitteilungen. */
export const desktop = {
  menu: {
    file: '&Datei',
    edit: '&Bearbeiten',
    view: '&Ansicht',
    window: '&Fenster',
    help: '&Hilfe',
    newQuestion: 'Neue Frage',
    ask: 'Fragen',
    quick: 'Von überall fragen',
    addFiles: 'Dateien hinzufügen …',
    addFolder: 'Ordner hinzufügen …',
    followFolder: 'Einem Ordner folgen …',
    recent: 'Zuletzt hinzugefügt',
    recentNone: 'Keine',
    recentClear: 'Liste leeren',
    print: 'Drucken …',
    data: 'Daten',
    showData: 'Datenordner anzeigen',
    moveData: 'Datenordner verschieben …',
    backUp: 'Jetzt sichern …',
    backupFolder: 'Ordner der täglichen Sicherungen …',
    takeModels: 'Modelle aus einem Ordner übernehmen …',
    showLog: 'Protokoll anzeigen',
    close: 'Fenster schließen',
    quit: 'Cloister beenden',
    settings: 'Einstellungen …',
    theme: 'Erscheinungsbild',
    themeSystem: 'Wie das System',
    themeLight: 'Hell',
    themeDark: 'Dunkel',
    language: 'Sprache',
    languageSystem: 'Wie das System',
    languageGerman: 'Deutsch',
    languageEnglish: 'English',
    desktop: 'Desktop',
    notifications: 'Mitteilen, wenn eine lange Arbeit zu Ende ist',
    tray: 'Im Infobereich anzeigen',
    menuBar: 'In der Menüleiste anzeigen',
    keepRecent: 'Zuletzt hinzugefügte Dateien merken',
    shortcut: 'Tasten zum Fragen von überall …',
    protectKeys: 'Schlüssel von Anbietern schützen …',
    undo: 'Rückgängig',
    redo: 'Wiederholen',
    cut: 'Ausschneiden',
    copy: 'Kopieren',
    paste: 'Einfügen',
    pastePlain: 'Ohne Formatierung einfügen',
    selectAll: 'Alles auswählen',
    find: 'In Dokumenten suchen',
    zoomReset: 'Originalgröße',
    zoomIn: 'Größer',
    zoomOut: 'Kleiner',
    fullScreen: 'Vollbild',
    minimize: 'Minimieren',
    zoom: 'Zoomen',
    front: 'Alle nach vorne bringen',
    showWindow: 'Cloister anzeigen',
    services: 'Dienste',
    hide: 'Cloister ausblenden',
    hideOthers: 'Andere ausblenden',
    unhide: 'Alle einblenden',
    checkUpdates: 'Nach Updates suchen …',
    about: 'Über Cloister',
  },
  keys: {
    control: 'Strg',
    shift: 'Umschalt',
    space: 'Leertaste',
    taken: 'Die Tasten {{keys}} gehören einem anderen Programm. Wählen Sie in den Einstellungen andere.',
    'not-keys': 'Diese Tasten lassen sich nicht verwenden. Ein Beispiel: {{example}}',
    'no-modifier': 'Zu Tasten, die überall wirken, gehört Strg, Alt oder die Systemtaste. Ein Beispiel: {{example}}',
    reserved:
      'Das System oder die meisten Programme benutzen diese Tasten für etwas anderes. Ein Beispiel: {{example}}',
  },
  tray: {
    idle: 'nichts in Arbeit',
    reading_one: '1 Dokument wird gelesen ({{percent}} %)',
    reading_other: '{{count}} Dokumente werden gelesen ({{percent}} %)',
    paused_one: '1 Dokument ist angehalten',
    paused_other: '{{count}} Dokumente sind angehalten',
    trouble: 'die Arbeit steht still',
    pauseAll: 'Alle Arbeit anhalten',
    resumeAll: 'Alle Arbeit fortsetzen',
    ask: 'Fragen …',
    show: 'Cloister öffnen',
    quit: 'Beenden',
  },
  note: {
    read_one: '1 Dokument ist gelesen',
    read_other: '{{count}} Dokumente sind gelesen',
    readBody: 'Sie können jetzt Fragen dazu stellen.',
    readPartly_one: '1 von {{total}} Dokumenten war nicht lesbar',
    readPartly_other: '{{count}} von {{total}} Dokumenten waren nicht lesbar',
    readPartlyBody: 'Warum, steht bei jedem in der Liste der Dokumente.',
    downloaded: 'Ein Modell wurde heruntergeladen',
    downloadFailed: 'Ein Modell konnte nicht heruntergeladen werden',
    backupFailed: 'Es wurde keine Sicherung erstellt',
    folderVanished: 'Der Ordner „{{name}}“ ist nicht da',
    folderVanishedBody: 'Seine Dokumente bleiben. Sobald er wieder da ist, geht es weiter.',
    filesMissing: 'Im Ordner „{{name}}“ fehlen viele Dateien',
    filesMissingBody: 'Ihre Dokumente bleiben. Unter „Ordner“ können Sie sagen, was aus ihnen wird.',
    trouble: 'Die Arbeit an den Dokumenten steht still',
    staying: 'Cloister läuft im Hintergrund weiter',
    stayingBody:
      'Das Symbol im Infobereich bringt das Fenster zurück. Zum Beenden wählen Sie dort oder im Menü „Datei“ „Beenden“.',
    shortcutTaken: 'Die Tasten {{keys}} gehören einem anderen Programm',
    shortcutTakenBody: 'Wählen Sie in den Einstellungen andere oder keine.',
  },
  dialog: {
    ok: 'OK',
    cancel: 'Abbrechen',
    quit: 'Beenden',
    retry: 'Noch einmal versuchen',
    goOn: 'Weitermachen',
    failed: 'Das hat nicht geklappt. Der Grund steht im Protokoll.',
  },
  external: {
    page: '{{shown}} im Browser öffnen?',
    mail: 'Mit Ihrem Mailprogramm an {{shown}} schreiben?',
    detail: 'Cloister sieht nicht, was dort geschieht.',
    open: 'Öffnen',
  },
  window: {
    crashed: 'Das Fenster ist mehrmals unerwartet beendet worden',
    crashedDetail:
      'Ihre Dokumente und Unterhaltungen sind davon nicht berührt: Cloister arbeitet im Hintergrund weiter.',
    slow: 'Das Fenster antwortet nicht',
    slowDetail:
      'Wenn Sie es neu öffnen, geht verloren, was Sie gerade schreiben, und Dateien, die noch unterwegs sind, werden nicht hinzugefügt.',
    anew: 'Neu öffnen',
    wait: 'Warten',
  },
  sandbox: {
    off: 'Cloister startet nicht ohne Sandbox',
    appImage:
      'Dieses System lässt für das AppImage die Sandbox nicht zu, die das Fenster vom Rest des Rechners trennt. Ohne sie öffnet Cloister keine fremden Dokumente. Installieren Sie das Paket .deb: Es bringt mit, was die Sandbox braucht. Ihre Bibliothek bleibt, wo sie ist.',
    switch:
      'Mit --no-sandbox fehlt die Sandbox, die das Fenster vom Rest des Rechners trennt. Ohne sie öffnet Cloister keine fremden Dokumente. Starten Sie es ohne diese Option.',
  },
  quit: {
    uploads_one: '1 Datei ist noch unterwegs',
    uploads_other: '{{count}} Dateien sind noch unterwegs',
    uploadsDetail:
      'Wenn Sie jetzt beenden, müssen Sie sie erneut hinzufügen. Alles andere geht beim nächsten Start weiter.',
    'backing-up': 'Gerade wird eine Sicherung geschrieben',
    'backing-upDetail':
      'Wenn Sie jetzt beenden, kommt diese Sicherung nicht zustande. Die Bibliothek und frühere Sicherungen bleiben, wie sie sind.',
    'taking-models': 'Gerade werden Modelle übernommen',
    'taking-modelsDetail':
      'Wenn Sie jetzt beenden, bleibt, was schon ganz übernommen ist. Für den Rest wählen Sie den Ordner später noch einmal.',
    stay: 'Warten',
  },
  handed: {
    unread_one: 'Nicht hinzugefügt, weil es fehlt oder sich nicht lesen lässt:',
    unread_other: '{{count}} Dateien oder Ordner nicht hinzugefügt, weil sie fehlen oder sich nicht lesen lassen:',
    more: 'Das sind zu viele Dateien auf einmal: Hinzugefügt werden nur die ersten {{most}}',
    moreDetail:
      'Folgen Sie stattdessen dem Ordner, in dem sie liegen. Dann werden alle seine Dateien zu Dokumenten, wie viele es auch sind, und was sich darin ändert, ändert sich auch hier.',
  },
  about: {
    detail: 'Fragen Sie Ihre eigenen Dokumente, vertraulich.\n\nMIT-Lizenz. Die Bibliothek liegt in {{folder}}.',
  },
  preferences: {
    damaged: 'Die Einstellungen dieses Fensters waren nicht lesbar',
    damagedDetail:
      'Was sich davon lesen ließ, gilt weiter; der Rest ist wieder wie am Anfang. Ihre Bibliothek ist davon nicht berührt. Die alte Datei heißt jetzt: {{file}}',
  },
  slow: {
    waiting: 'Der Ordner der Bibliothek antwortet nicht',
    waitingDetail:
      'Prüfen Sie, ob das Laufwerk angeschlossen ist, auf dem er liegt. Wenn Sie es noch einmal versuchen, geht nichts verloren.',
    opening: 'Die Bibliothek braucht ungewöhnlich lange, bis sie offen ist',
    openingDetail:
      'Nach einem plötzlichen Ende oder einem Stromausfall wird zuerst in Ordnung gebracht, was zuletzt geschrieben wurde; auch ein langsames oder beschädigtes Laufwerk braucht lange. Wenn Sie es noch einmal versuchen, geht nichts verloren.',
    migrating: 'Die Bibliothek wird noch an diese Version von Cloister angepasst',
    migratingDetail:
      'Vorher wird ihre Datenbank kopiert. Bei einer großen Bibliothek dauert das seine Zeit: Lassen Sie es zu Ende laufen. Wenn Sie es jetzt beenden, beginnt es beim nächsten Mal von vorn; verloren geht nichts.',
    beginning: 'Cloister braucht ungewöhnlich lange zum Starten',
    beginningDetail:
      'Vielleicht ist der Rechner sehr beschäftigt. Wenn Sie es noch einmal versuchen, geht nichts verloren.',
    silent: 'Der Teil von Cloister, der im Hintergrund arbeitet, antwortet nicht',
    silentDetail:
      'Vielleicht ist er sehr beschäftigt und antwortet von selbst wieder. Neu gestartet, macht er mit den Dokumenten weiter, die in Arbeit sind; eine Antwort, die gerade geschrieben wird, endet. Nach einigen Minuten wird er auf jeden Fall neu gestartet.',
    wait: 'Warten',
    anew: 'Neu starten',
    safely: 'Abgesicherter Start',
  },
  lone: {
    moving: 'die Bibliothek wird verschoben',
    restoring: 'die Sicherung wird zurückgeholt',
    checking: 'die Bibliothek wird geprüft',
    percent: '{{percent}} %',
  },
  move: {
    choose: 'Wo soll die Bibliothek liegen?',
    ask: 'Die Bibliothek in diesen Ordner verschieben?',
    askDetail: 'Von: {{from}}\nNach: {{to}}\nGröße: {{size}}\n\nCloister unterbricht so lange seine Arbeit.',
    uploadsDetail: 'Wenn Sie die Bibliothek jetzt verschieben, müssen Sie diese Dateien erneut hinzufügen.',
    copyDetail: 'Der alte Ordner bleibt, bis Cloister aus dem neuen gestartet ist.',
    network:
      'Dieser Ordner liegt auf einem anderen Rechner. Dort ist die Bibliothek langsam, und wenn die Verbindung abbricht, kann sie Schaden nehmen.',
    synced:
      'Ein Programm kopiert diesen Ordner auf fremde Rechner (OneDrive, Dropbox, iCloud oder Ähnliches). Es kann die Bibliothek beschädigen, und Ihre Dokumente verlassen damit diesen Rechner.',
    move: 'Verschieben',
    copying: 'Die Bibliothek wird verschoben',
    copyingDetail:
      'Wie weit das ist, zeigt das Symbol von Cloister. Wenn Sie abbrechen, bleibt die Bibliothek, wo sie ist.\n\nNach: {{to}}',
    done: 'Die Bibliothek liegt jetzt in {{folder}}',
    notStarted:
      'Cloister konnte sich nicht selbst neu starten und wird jetzt beendet. Öffnen Sie es selbst: Es findet die Bibliothek dort, wo sie jetzt liegt.',
    undone: 'Das Verschieben der Bibliothek wurde unterbrochen. Sie liegt, wo sie lag; es fehlt nichts.',
    undoneLeft:
      'Das Verschieben der Bibliothek wurde unterbrochen. Sie liegt, wo sie lag; es fehlt nichts. Was schon kopiert war, lässt sich gerade nicht entfernen: {{folder}}',
    moved:
      'Das Verschieben der Bibliothek wurde kurz vor dem Ende unterbrochen und ist nun abgeschlossen. Sie liegt jetzt in {{folder}}',
    left: 'Im alten Ordner ist noch etwas, das seither geändert wurde oder dazugekommen ist: {{folder}}',
    failed: 'Die Bibliothek ließ sich nicht verschieben. Sie liegt, wo sie lag. ({{detail}})',
    away: 'Die Bibliothek ist nicht da: {{folder}}',
    awayDetail:
      'Schließen Sie das Laufwerk an, auf dem sie liegt, und versuchen Sie es noch einmal. An ihrer Stelle wird nichts Neues angelegt.',
    awayKnownDetail:
      'In diesem Ordner war sie bisher. Wenn sie auf einem Laufwerk liegt, schließen Sie es an und versuchen Sie es noch einmal. Eine neue, leere Bibliothek wird dort nur angelegt, wenn Sie es möchten; Ihre bisherige Bibliothek bleibt dann ungenutzt.',
    beginAnew: 'Neue Bibliothek anlegen',
    namedMoved: 'Die Bibliothek liegt nicht mehr in diesem Ordner: {{folder}}',
    namedMovedDetail:
      'Sie wurde nach {{to}} verschoben. Cloister wurde mit dem alten Ordner gestartet (--data oder CLOISTER_DATA), zum Beispiel durch eine Verknüpfung: Ändern Sie ihn dort. An seiner Stelle wird nichts Neues angelegt.',
    openThere: 'Dort öffnen',
    refused: {
      named:
        'Cloister wurde ausdrücklich mit diesem Ordner gestartet (--data oder CLOISTER_DATA), zum Beispiel durch eine Verknüpfung: {{folder}}\n\nDer nächste Start würde die Bibliothek dort vergeblich suchen. Beenden Sie Cloister, verschieben Sie den Ordner selbst und tragen Sie dann dort den neuen ein.',
      clearing:
        'Cloister entfernt noch den alten Ordner der Bibliothek: {{folder}}\n\nVersuchen Sie es in einer Weile noch einmal. Wenn das Laufwerk nicht antwortet, trennen Sie es vom Rechner und starten Sie Cloister neu.',
      missing: 'Es gibt keine Bibliothek, die sich verschieben ließe.',
      same: 'Die Bibliothek liegt schon in diesem Ordner.',
      inside: 'Dieser Ordner liegt in der Bibliothek selbst. Wählen Sie einen anderen.',
      around: 'Die Bibliothek liegt in diesem Ordner. Wählen Sie einen anderen, oder legen Sie darin einen neuen an.',
      'not-empty': 'Der Ordner ist nicht leer. Wählen Sie einen leeren, oder legen Sie einen neuen an.',
      'no-folder': 'Das ist kein Ordner.',
      'not-writable':
        'Dort lässt sich nichts schreiben. Wählen Sie einen anderen Ordner, oder prüfen Sie seine Rechte.',
      application: 'In diesem Ordner liegen Dateien von Cloister selbst. Wählen Sie einen anderen.',
      'in-use':
        'Befehle von cloister arbeiten gerade an der Bibliothek (Prozess {{processes}}). Verschieben Sie sie, wenn diese fertig sind.',
      'no-room': 'Es ist nicht genug Platz: {{needed}} werden gebraucht, {{free}} sind frei.',
    },
  },
  backup: {
    done: 'Die Sicherung ist fertig',
    doneDetail_one: '1 Dokument ist darin: {{file}}',
    doneDetail_other: '{{count}} Dokumente sind darin: {{file}}',
    incomplete: 'Die Sicherung ist fertig, aber in der Bibliothek selbst fehlen Inhalte von Dokumenten',
    failed: 'Es wurde keine Sicherung erstellt',
    show: 'Ordner anzeigen',
  },
  models: {
    taken_one: 'Das Modell {{names}} wurde übernommen',
    taken_other: '{{count}} Modelle wurden übernommen: {{names}}',
    present_one: 'Das Modell ist schon da: {{names}}',
    present_other: 'Die Modelle sind schon da: {{names}}',
    presentToo: 'Schon vorher da: {{names}}',
    failed: 'Es wurden keine Modelle übernommen',
    busy: 'Es werden schon Modelle übernommen. Warten Sie, bis das fertig ist, oder halten Sie es auf der Seite „Modelle“ an.',
  },
  safe: {
    crashed_one: 'Cloister ließ sich beim letzten Mal nicht starten',
    crashed_other: 'Cloister ließ sich {{count}}-mal nacheinander nicht starten',
    refused: 'Die Bibliothek lässt sich nicht öffnen',
    slow: 'Die Bibliothek wurde nicht geöffnet, weil das zu lange dauerte',
    detail: 'Es wurde nichts gelöscht. Die Bibliothek liegt in {{folder}}.',
    version:
      'Hier läuft Version {{current}}. Solange die Bibliothek nicht offen ist, lädt Cloister keine andere herunter. Sie können eine andere von Hand darüber installieren; die Bibliothek bleibt dabei, wie sie ist.',
    versionBefore:
      'Davor war hier Version {{previous}}. Was {{current}} an der Bibliothek schon verändert hat, kann sie vielleicht nicht lesen; eine Kopie von davor liegt dann unter „backups“ im Ordner der Bibliothek.',
    versionFrom: 'Die Dateien zum Installieren liegen unter {{url}}',
    retry: 'Noch einmal versuchen',
    check: 'Bibliothek prüfen',
    restore: 'Sicherung vom {{date}} zurückholen …',
    restoreNow: 'Zurückholen',
    others: 'Eine ältere Sicherung …',
    which: 'Welche Sicherung soll zurückgeholt werden?',
    whichDetail:
      'Wählen Sie die letzte von vor dem Schaden. Bevor sie an die Stelle der Bibliothek kommt, wird sie geprüft.',
    older: 'Noch ältere …',
    show: 'Ordner anzeigen',
    quit: 'Beenden',
    checking: 'Die Bibliothek wird geprüft',
    checkingDetail: 'Wie weit das ist, zeigt das Symbol von Cloister. Es wird nichts verändert.',
    restoring: 'Die Sicherung vom {{date}} wird zurückgeholt',
    restoringDetail:
      'Wie weit das ist, zeigt das Symbol von Cloister. Wenn Sie abbrechen, bleibt die Bibliothek, wie sie ist.',
    sound: 'Die Bibliothek wurde geprüft. Es ist alles in Ordnung.',
    unsound: 'Die Bibliothek wurde geprüft. Folgendes ist nicht in Ordnung:',
    more_one: 'und 1 weiteres',
    more_other: 'und {{count}} weitere',
    ask: 'Die Sicherung vom {{date}} an die Stelle der Bibliothek setzen?',
    askDetail:
      'Was jetzt in der Bibliothek ist, bleibt erhalten: Datenbank und Dokumente kommen darin in einen Ordner „set-aside“. Dokumente, die nach der Sicherung dazukamen, müssen Sie von dort oder aus Ihrer eigenen Ablage neu hinzufügen.',
    restored: 'Die Sicherung vom {{date}} ist jetzt die Bibliothek. Was vorher da war, liegt in {{folder}}.',
    failed: 'Die Sicherung ließ sich nicht zurückholen; die Bibliothek ist, wie sie war. {{detail}}',
  },
  secrets: {
    anew: 'Schlüssel neu eingeben',
    giveUp: 'Auf die gespeicherten Schlüssel von Anbietern verzichten?',
    giveUpDetail:
      'Cloister legt dann einen neuen Schlüssel für diese Bibliothek an. Was mit dem alten verschlossen wurde, ist nicht mehr lesbar: Die Schlüssel Ihrer Anbieter geben Sie unter „Modelle“ neu ein. Dokumente und Unterhaltungen sind davon nicht berührt.',
  },
}

/** Wo der Schlüssel liegt, der die Schlüssel der Anbieter verschließt: für den, der die Bibliothek öffnet und ihn nicht bekommt. */
export const keyErrors = {
  'secrets-key_desktop':
    'Auf diesem Rechner gibt es keinen Schlüsselbund, in dem Cloister Schlüssel aufbewahren könnte. Legen Sie in der Desktop-Anwendung ein Passwort fest (Einstellungen, „Diese Anwendung“), oder setzen Sie SECRETS_KEY.',
  'secrets-unreadable_keychain':
    'Der Schlüssel dieser Bibliothek liegt im Schlüsselbund des Systems, und der gibt ihn nicht heraus. Entsperren Sie den Schlüsselbund und versuchen Sie es noch einmal. Wenn die Bibliothek von einem anderen Rechner kommt, geben Sie die Schlüssel der Anbieter in der Desktop-Anwendung neu ein.',
  'secrets-unreadable_safe-storage':
    'Den Schlüssel dieser Bibliothek kann nur die Desktop-Anwendung öffnen. Starten Sie sie; Befehle arbeiten dann durch sie. Oder setzen Sie SECRETS_KEY und geben Sie die Schlüssel der Anbieter neu ein.',
  'secrets-unreadable_passphrase':
    'Der Schlüssel dieser Bibliothek ist mit einem Passwort verschlossen. Starten Sie die Desktop-Anwendung und geben Sie es dort ein; Befehle arbeiten dann durch sie.',
  'key-pending':
    'Der Schlüssel dieser Bibliothek wird noch beim Schlüsselbund des Systems erfragt. Prüfen Sie, ob dieser eine Frage an Sie hat, und versuchen Sie es danach noch einmal.',
  'passphrase-short': 'Das Passwort muss mindestens {{min}} Zeichen haben; gut sind mehrere Wörter.',
  'passphrase-wrong':
    'Das ist nicht das Passwort. Achten Sie auf Groß- und Kleinschreibung und versuchen Sie es noch einmal.',
}
