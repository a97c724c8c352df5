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

; Documents stay unless somebody says otherwise: asked with "No" preselected, never in an update, never without a window.
!macro customUnInstall
  ${ifNot} ${isUpdated}
    !insertmacro cloisterEach cloisterWithdraw
    DeleteRegKey HKCU "Software\Classes\Cloister.Document"
    DeleteRegKey HKCU "Software\Classes\Applications\${APP_EXECUTABLE_FILENAME}"
    DeleteRegKey HKCU "Software\Classes\cloister"
    SetShellVarContext current
    ${if} ${FileExists} "$APPDATA\Cloister\*.*"
      StrCpy $R8 "Delete the documents, chats and models that Cloister keeps in $APPDATA\Cloister as well? This cannot be undone.$\r$\n$\r$\nWith “No” they stay, and are there again after the next installation. A data folder at another place is not touched."
      ${if} $LANGUAGE == 1031
        StrCpy $R8 "Sollen auch die Dokumente, Chats und Modelle gelöscht werden, die Cloister in $APPDATA\Cloister aufbewahrt? Das lässt sich nicht rückgängig machen.$\r$\n$\r$\nMit „Nein“ bleiben sie und sind nach der nächsten Installation wieder da. Ein Datenordner an anderer Stelle wird nicht angerührt."
      ${endIf}
      MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$R8" /SD IDNO IDNO cloisterKeep
      RMDir /r "$APPDATA\Cloister"
      cloisterKeep:
    ${endIf}
  ${endIf}
!macroend
