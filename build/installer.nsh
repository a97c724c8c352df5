; What the installer of Windows does besides copying files. All of it is of the user who installs: HKEY_CURRENT_USER, no rights of an
; administrator.

; "Open with", without becoming the default of anything: the program names what it can read, and each type gets one more entry in its list.
!macro cloisterOffer EXTENSION
  WriteRegStr HKCU "Software\Classes\Applications\${APP_EXECUTABLE_FILENAME}\SupportedTypes" ".${EXTENSION}" ""
  WriteRegNone HKCU "Software\Classes\.${EXTENSION}\OpenWithProgids" "Cloister.Document"
!macroend

!macro cloisterWithdraw EXTENSION
  DeleteRegValue HKCU "Software\Classes\.${EXTENSION}\OpenWithProgids" "Cloister.Document"
!macroend

!macro cloisterEach DO
  !insertmacro ${DO} "pdf"
  !insertmacro ${DO} "docx"
  !insertmacro ${DO} "docm"
  !insertmacro ${DO} "xlsx"
  !insertmacro ${DO} "xlsm"
  !insertmacro ${DO} "pptx"
  !insertmacro ${DO} "pptm"
  !insertmacro ${DO} "odt"
  !insertmacro ${DO} "ods"
  !insertmacro ${DO} "odp"
  !insertmacro ${DO} "rtf"
  !insertmacro ${DO} "md"
  !insertmacro ${DO} "txt"
  !insertmacro ${DO} "csv"
  !insertmacro ${DO} "eml"
  !insertmacro ${DO} "msg"
  !insertmacro ${DO} "mbox"
  !insertmacro ${DO} "html"
  !insertmacro ${DO} "epub"
  !insertmacro ${DO} "ics"
!macroend

!macro customInstall
  WriteRegStr HKCU "Software\Classes\Cloister.Document" "" "Cloister"
  WriteRegStr HKCU "Software\Classes\Cloister.Document\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "%1"'
  WriteRegStr HKCU "Software\Classes\Applications\${APP_EXECUTABLE_FILENAME}" "FriendlyAppName" "Cloister"
  WriteRegStr HKCU "Software\Classes\Applications\${APP_EXECUTABLE_FILENAME}\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "%1"'
  !insertmacro cloisterEach cloisterOffer
  WriteRegStr HKCU "Software\Classes\cloister" "" "URL:Cloister"
  WriteRegStr HKCU "Software\Classes\cloister" "URL Protocol" ""
  WriteRegStr HKCU "Software\Classes\cloister\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "%1"'
!macroend

; "For all users" is not offered: what is written here, and the library, are one user's.
!macro customInstallMode
  StrCpy $isForceCurrentInstall "1"
!macroend

!ifndef BUILD_UNINSTALLER
  ; Updates and the uninstaller remove the folder of the program with all that is in it. So it is one of its own: not there yet, empty, or
  ; one that holds a Cloister already, and none where a library or backups lie or would begin.
  LangString cloisterFolderOfItsOwn 1033 "Cloister is installed in a folder of its own. Updates and the uninstaller remove this folder with everything in it, so it cannot be one in which other files or a library lie."
  LangString cloisterFolderOfItsOwn 1031 "Cloister wird in einem eigenen Ordner installiert. Updates und die Deinstallation entfernen diesen Ordner mit allem, was darin ist; deshalb kann es keiner sein, in dem andere Dateien oder eine Bibliothek liegen."
  LangString cloisterFolderTaken 1033 "Cloister cannot be installed in this folder, because other files or a library lie in it:"
  LangString cloisterFolderTaken 1031 "In diesem Ordner lässt sich Cloister nicht installieren, weil darin andere Dateien oder eine Bibliothek liegen:"
  !define MUI_DIRECTORYPAGE_TEXT_TOP "$(cloisterFolderOfItsOwn)"

  ; Here, names of the installer's own are known.
  !macro customHeader
    ; Takes a folder from the stack and leaves there "taken", or nothing.
    Function cloisterLook
      Exch $R0
      Push $R1
      Push $R2
      Push $R3
      StrCpy $R3 ""
      ${if} $R0 == "$LOCALAPPDATA\Cloister"
      ${orIf} $R0 == "$LOCALAPPDATA\Cloister-backups"
      ${orIf} $R0 == "$APPDATA\Cloister"
      ${orIf} $R0 == "$APPDATA\Cloister-backups"
      ${orIf} $R0 == "$APPDATA\Cloister Desktop"
      ${orIf} ${FileExists} "$R0\cloister.db"
      ${orIf} ${FileExists} "$R0\..\cloister.db"
        StrCpy $R3 "taken"
      ; Where programs of a user lie, what an installation that was broken off has left is no reason to refuse the next one.
      ${elseIf} $R0 != "$LOCALAPPDATA\Programs\${APP_FILENAME}"
      ${andIfNot} ${FileExists} "$R0\${APP_EXECUTABLE_FILENAME}"
      ${andIfNot} ${FileExists} "$R0\${UNINSTALL_FILENAME}"
        FindFirst $R1 $R2 "$R0\*.*"
        ${doWhile} $R2 != ""
          ${if} $R2 != "."
          ${andIf} $R2 != ".."
            StrCpy $R3 "taken"
            ${break}
          ${endIf}
          FindNext $R1 $R2
        ${loop}
        FindClose $R1
      ${endIf}
      StrCpy $R0 $R3
      Pop $R3
      Pop $R2
      Pop $R1
      Exch $R0
    FunctionEnd

    ; Asked with each letter; while it aborts, there is no way on. Where the path lacks the name, a folder of that name is added later.
    Function .onVerifyInstDir
      Push $R0
      ${StrContains} $R0 "${APP_FILENAME}" "$INSTDIR"
      ${if} $R0 == ""
        Push "$INSTDIR\${APP_FILENAME}"
      ${else}
        Push "$INSTDIR"
      ${endIf}
      Call cloisterLook
      Pop $R0
      ${if} $R0 != ""
        Pop $R0
        Abort
      ${endIf}
      Pop $R0
    FunctionEnd
  !macroend

  ; Without a window, and in an update, nobody is shown the folder, and none is added.
  !macro customInit
    ${if} ${Silent}
    ${orIf} ${isUpdated}
      Push "$INSTDIR"
      Call cloisterLook
      Pop $R0
      ${if} $R0 != ""
        MessageBox MB_OK|MB_ICONSTOP "$(cloisterFolderTaken)$\r$\n$\r$\n$INSTDIR" /SD IDOK
        SetErrorLevel 2
        Quit
      ${endIf}
    ${endIf}
  !macroend
!endif

; What nobody misses: installers of updates that were fetched. electron-updater names the folder after the package.
!macro cloisterForgetUpdates
  RMDir /r "$LOCALAPPDATA\cloister-updater"
!macroend

; The window's own memory: a folder for the usual library, and one for each that was named by --data (eight hexadecimal digits).
!macro cloisterForgetWindow
  RMDir /r "$APPDATA\Cloister Desktop"
  FindFirst $R6 $R7 "$APPDATA\Cloister Desktop-????????"
  cloisterNext:
    StrCmp $R7 "" cloisterLast
    RMDir /r "$APPDATA\$R7"
    FindNext $R6 $R7
    Goto cloisterNext
  cloisterLast:
  FindClose $R6
!macroend

; Documents stay unless somebody says otherwise: asked with "No" preselected, never in an update, never without a window. Backups are asked
; about apart: whoever deletes a library by mistake has them.
!macro customUnInstall
  ${ifNot} ${isUpdated}
    !insertmacro cloisterEach cloisterWithdraw
    DeleteRegKey HKCU "Software\Classes\Cloister.Document"
    DeleteRegKey HKCU "Software\Classes\Applications\${APP_EXECUTABLE_FILENAME}"
    DeleteRegKey HKCU "Software\Classes\cloister"
    SetShellVarContext current
    !insertmacro cloisterForgetUpdates
    ${if} ${FileExists} "$LOCALAPPDATA\Cloister\*.*"
    ${orIf} ${FileExists} "$APPDATA\Cloister\*.*"
    ${orIf} ${FileExists} "$APPDATA\Cloister Desktop\*.*"
      StrCpy $R8 "Delete what Cloister keeps of you as well? This cannot be undone.$\r$\n$\r$\nDocuments, chats and models: $LOCALAPPDATA\Cloister and $APPDATA\Cloister$\r$\nWhat the window remembers, such as names of recent files: $APPDATA\Cloister Desktop$\r$\n$\r$\nWith “No” all of it stays, and is there again after the next installation. A library at another place is not touched. The key of the library stays in Windows’ Credential Manager, under “Cloister”; it can be removed there."
      ${if} $LANGUAGE == 1031
        StrCpy $R8 "Soll auch gelöscht werden, was Cloister von Ihnen aufbewahrt? Das lässt sich nicht rückgängig machen.$\r$\n$\r$\nDokumente, Chats und Modelle: $LOCALAPPDATA\Cloister und $APPDATA\Cloister$\r$\nWas sich das Fenster merkt, etwa die Namen zuletzt geöffneter Dateien: $APPDATA\Cloister Desktop$\r$\n$\r$\nMit „Nein“ bleibt alles und ist nach der nächsten Installation wieder da. Eine Bibliothek an anderer Stelle wird nicht angerührt. Der Schlüssel der Bibliothek bleibt in der Anmeldeinformationsverwaltung von Windows, unter „Cloister“; dort lässt er sich entfernen."
      ${endIf}
      MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$R8" /SD IDNO IDNO cloisterKeep
      RMDir /r "$LOCALAPPDATA\Cloister"
      RMDir /r "$APPDATA\Cloister"
      !insertmacro cloisterForgetWindow
      cloisterKeep:
    ${endIf}
    ${if} ${FileExists} "$LOCALAPPDATA\Cloister-backups\*.*"
    ${orIf} ${FileExists} "$APPDATA\Cloister-backups\*.*"
      StrCpy $R8 "Delete the daily backups of the library, too? This cannot be undone.$\r$\n$\r$\n$LOCALAPPDATA\Cloister-backups and $APPDATA\Cloister-backups$\r$\n$\r$\nThey hold your documents and chats. Backups in a folder that you chose yourself are not touched."
      ${if} $LANGUAGE == 1031
        StrCpy $R8 "Sollen auch die täglichen Sicherungen der Bibliothek gelöscht werden? Das lässt sich nicht rückgängig machen.$\r$\n$\r$\n$LOCALAPPDATA\Cloister-backups und $APPDATA\Cloister-backups$\r$\n$\r$\nSie enthalten Ihre Dokumente und Chats. Sicherungen in einem Ordner, den Sie selbst gewählt haben, werden nicht angerührt."
      ${endIf}
      MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$R8" /SD IDNO IDNO cloisterKeepBackups
      RMDir /r "$LOCALAPPDATA\Cloister-backups"
      RMDir /r "$APPDATA\Cloister-backups"
      cloisterKeepBackups:
    ${endIf}
    ; What comes after this belongs to whom it was installed for.
    ${if} $installMode == "all"
      SetShellVarContext all
    ${endIf}
  ${endIf}
!macroend
